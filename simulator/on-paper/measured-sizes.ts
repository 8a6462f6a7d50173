// What messages cost on the wire, in bytes of IPv4 packets: nothing is assumed here. Two shipped endpoints shake hands, idle and
// write to each other on the simulator's packet network while every datagram is weighed; records and routed messages are written
// by the codecs that the program ships.

import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { type Bytes, utf8 } from '../../main/overlay/base/bytes.ts'
import { idFromBytes } from '../../main/overlay/base/id.ts'
import { searchIdentity } from '../../main/overlay/identity.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type Link } from '../../main/overlay/transport/links.ts'
import { Writer } from '../../main/overlay/wire/codec.ts'
import { encodePut, encodePutReply } from '../../main/overlay/wire/dht-messages.ts'
import { encodeRecord, signRecord } from '../../main/overlay/wire/dht-record.ts'
import { APPLICATION } from '../../main/overlay/wire/message-types.ts'
import { writePeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { NO_KEY_HOPS, encodeReply, encodeRouted } from '../../main/overlay/wire/routed-message.ts'
import { encodeProbe, newProbe } from '../../main/overlay/wire/unicast-probe.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { PacketNetwork } from '../net/packet-network.ts'
import { IP_UDP_HEADER_BYTES } from '../net/path-model.ts'

export interface MeasuredSizes {
  /** All of a handshake, both ways, until both ends know it. */
  handshakeBytes: number
  /** One sign of life and its acknowledgement. */
  keepAliveBytes: number
  /** A message of 200 bytes over a session, with its share of acknowledgements; and how many datagrams that is. */
  textBytes: number
  textDatagrams: number
  /** Bytes on the wire per byte of a large transfer, both ways; and how many datagrams per megabyte. */
  bulkRatio: number
  bulkDatagramsPerMegabyte: number
  /** A message that names one node to another, as a handshake server passes it on: a peer record and a nonce, with its ack. */
  signalBytes: number
  /** One hop of a unicast probe, and of its answer. */
  probeHopBytes: number
  /** An address record as it is kept, and one hop of the message that puts it. */
  addressRecordBytes: number
  putHopBytes: number
}

/** Before the first sign of life (25 s). */
const SETTLE_MS = 10_000
const ANSWER_MS = 1_000
const BULK_MS = 60_000
const IDLE_MS = 600_000
const TEXT_BYTES = 200
const BULK_BYTES = 10_000_000
const BULK_MESSAGE_BYTES = 100_000
const NONCE_BYTES = 16
/** A node's own, the LAN's and the mapped one. */
const ADDRESSES = ['198.51.100.7', '192.168.1.7', '10.1.2.3'].map((host) => ({ host, port: 4700 }))
const network = networkOf(crypto, 'on paper', 1)

export async function measureSizes(): Promise<MeasuredSizes> {
  const scales = new Scales()
  const { handshakeBytes, link } = await scales.handshake()
  await scales.weigh(() => undefined, SETTLE_MS)
  const identity = scales.identity()
  const record = identity.selfRecord(ADDRESSES)
  const peerRecord = written((writer) => writePeerRecord(writer, record))
  const signed = signRecord(crypto, identity.nodeKey, {
    salt: utf8('address'),
    sequence: 1_767_225_600_000,
    value: peerRecord,
    expiresAtMs: 1_767_225_600_000,
  })
  const probe = newProbe(
    crypto,
    network.id,
    { record, nodeKey: identity.nodeKey, secret: new Uint8Array(32) },
    {
      sequence: 1_767_225_600,
      copy: 0,
      mostHops: 16,
      lifeSeconds: 165,
      nearest: { above: undefined, below: undefined },
    },
  )
  const send = async (message: Bytes) => (await scales.weigh(() => link.send(message), ANSWER_MS)).bytes
  const text = await scales.weigh(() => link.send(new Uint8Array(TEXT_BYTES)), ANSWER_MS)
  const signalBytes = await send(new Uint8Array(peerRecord.length + NONCE_BYTES))
  const probeBytes = await send(routed(APPLICATION.probe, encodeProbe(probe)))
  const probedBytes = await send(answered(new Uint8Array(0)))
  const putBytes = await send(
    routed(APPLICATION.put, encodePut({ rootIndex: 0, wantsReceipts: false, record: signed })),
  )
  const keptBytes = await send(answered(encodePutReply({ outcome: 'kept', receipts: [] })))
  const bulk = await scales.weigh(() => {
    for (let sent = 0; sent < BULK_BYTES; sent += BULK_MESSAGE_BYTES)
      link.send(new Uint8Array(BULK_MESSAGE_BYTES))
  }, BULK_MS)
  // of a session that has never sent in bulk, and so looks for no larger packets
  const quiet = new Scales()
  await quiet.handshake()
  const idle = await quiet.weigh(() => undefined, IDLE_MS)
  return {
    handshakeBytes,
    keepAliveBytes: Math.round(idle.bytes / (idle.datagrams / 2)),
    textBytes: text.bytes,
    textDatagrams: text.datagrams,
    bulkRatio: bulk.bytes / BULK_BYTES,
    bulkDatagramsPerMegabyte: Math.round((bulk.datagrams * 1e6) / BULK_BYTES),
    signalBytes,
    probeHopBytes: probeBytes + probedBytes,
    addressRecordBytes: encodeRecord(signed).length,
    putHopBytes: putBytes + keptBytes,
  }
}

/** Two endpoints, and every byte between them. */
class Scales {
  readonly #queue = new EventQueue()
  readonly #clock = new VirtualClock(this.#queue)
  readonly #random = new SeededRandom(1)
  readonly #net = new PacketNetwork(this.#queue, new SeededRandom(2), { jitterMs: 0 })
  #bytes = 0
  #datagrams = 0

  constructor() {
    this.#net.tap((datagram) => {
      this.#bytes += datagram.length + IP_UDP_HEADER_BYTES
      this.#datagrams++
    })
  }

  identity() {
    return searchIdentity(crypto, this.#random, network, 1_000)!
  }

  async handshake(): Promise<{ handshakeBytes: number; link: Link }> {
    const [caller, called] = [this.#endpoint('198.51.100.1'), this.#endpoint('198.51.100.2')]
    const { noiseKey, addresses } = called.self
    let dialled = Promise.reject<Link>(new Error('not dialled'))
    dialled.catch(() => undefined)
    // within the first second nothing else is sent yet
    const { bytes } = await this.weigh(() => (dialled = caller.dial({ noiseKey, addresses })), 900)
    return { handshakeBytes: bytes, link: await dialled }
  }

  async weigh(act: () => void, forMs: number): Promise<{ bytes: number; datagrams: number }> {
    const before = { bytes: this.#bytes, datagrams: this.#datagrams }
    act()
    await this.#queue.runUntil(this.#queue.nowMs + forMs)
    return { bytes: this.#bytes - before.bytes, datagrams: this.#datagrams - before.datagrams }
  }

  #endpoint(host: string): Endpoint {
    const log = { log: () => undefined }
    const ports = {
      clock: this.#clock,
      random: this.#random,
      crypto,
      log,
      network,
      identity: this.identity(),
    }
    const endpoint = new Endpoint({ ...ports, socket: this.#net.open(host, 4700) })
    endpoint.start()
    return endpoint
  }
}

function routed(application: number, payload: Bytes): Bytes {
  const id = idFromBytes(crypto.hash(payload))
  return encodeRouted({
    requestId: '0123456789abcdef',
    key: id,
    application,
    isExact: false,
    hops: 2,
    offset: 0,
    detoursLeft: 8,
    source: id,
    keyHops: NO_KEY_HOPS,
    isFollowing: false,
    visited: ['0123456789abcdef', '0123456789abcdef'],
    payload,
  })
}

function answered(payload: Bytes): Bytes {
  const responder = idFromBytes(crypto.hash(payload))
  return encodeReply({ requestId: '0123456789abcdef', status: 0, hops: 4, responder, payload })
}

function written(write: (writer: Writer) => void): Bytes {
  const writer = new Writer()
  write(writer)
  return writer.finish()
}
