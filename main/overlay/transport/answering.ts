// The side that is called. An initiation costs three key agreements and one signature, and leaves a half-open session;
// a link comes of it only with the first packet that opens under its keys, because only then is the caller neither a
// replay nor a forged sender address. Half-open sessions are few and short-lived, and the work per second is limited.
//
//   initiation --read, verified--> half open --packet that opens--> session (see endpoint.ts)
//                                     \--5 s--> forgotten
//
// The place of the stateless retry token (DESIGN §3): `#admit` decides whether to compute at all. Once it can ask for a
// token, a caller without a valid one gets a retry packet (kind 3) instead of work, and its initiation's token field,
// which is outside the Noise message for that reason, carries the answer.

import { type Bytes, equal, toHex } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Timer } from '../ports/clock.ts'
import { type SessionKeys } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import {
  type AnswerStatus,
  decodeHello,
  encodeAnswer,
  networkTagOf,
  prologueOf,
} from '../wire/packet-handshake.ts'
import {
  ECHO_BYTES,
  type Initiation,
  PROTOCOL_VERSION,
  REFUSED_NETWORK,
  REFUSED_VERSION,
  SEALED_HEADER_BYTES,
  decodeInitiation,
  encodeRefusal,
  encodeResponse,
  packetNumberOf,
} from '../wire/packet.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import { type DropReason } from './counters.ts'
import { type HandshakePorts } from './handshake-ports.ts'

/** Chosen: longer than any dial goes on trying. */
const HALF_OPEN_MS = 5_000
/** Chosen: some 0.4 ms of work each, so strangers can take 8 % of one core, and a table of 5 s of them. */
const HANDSHAKES_PER_SECOND = 200
const HANDSHAKE_BURST = 400
export const MAX_HALF_OPEN = 1_024
/** X25519 public key: the first thing in the Noise message, fresh for every handshake. */
const EPHEMERAL_BYTES = 32

export interface HalfOpen {
  ephemeral: string
  order: number
  expiresMs: number
  keys: SessionKeys
  peer: PeerRecord
  ownConnectionId: number
  peerConnectionId: number
  response: Bytes
  /** When the response left; undefined once it has left twice, because then no round trip can be told from it. */
  respondedMs: number | undefined
}

export class Answering {
  readonly #ports: HandshakePorts
  readonly #prologue: Bytes
  readonly #tag: Bytes
  readonly #limit: TokenBucket
  readonly #byConnection = new Map<number, HalfOpen>() // in order of expiry
  readonly #byEphemeral = new Map<string, HalfOpen>()
  readonly #opened = new Uint8Array(2048)
  #timer: Timer | undefined

  constructor(ports: HandshakePorts) {
    this.#ports = ports
    this.#prologue = prologueOf(ports.network)
    this.#tag = networkTagOf(ports.network)
    this.#limit = new TokenBucket(HANDSHAKE_BURST, HANDSHAKES_PER_SECOND, ports.clock.nowMs())
  }

  get size(): number {
    return this.#byConnection.size
  }

  /** An initiation came in. Errors: malformed, too-large, and those of a peer record that does not verify. */
  initiation(datagram: Bytes, from: Address): void {
    const initiation = decodeInitiation(datagram)
    const refusal = this.#refusalFor(initiation)
    if (refusal) return this.#refuse(initiation, refusal.reason, refusal.counted, from)
    const ephemeral = toHex(initiation.noise.subarray(0, EPHEMERAL_BYTES))
    const known = this.#byEphemeral.get(ephemeral)
    if (known) return this.#repeat(known, from)
    const limited = this.#admit()
    if (limited) return this.#ports.counters.drop(limited)
    this.#answer(initiation, ephemeral, from)
  }

  /** The half-open session that a sealed datagram belongs to and opens under. It leaves the table. */
  confirm(connectionId: number, datagram: Bytes): HalfOpen | undefined {
    const halfOpen = this.#byConnection.get(connectionId)
    if (!halfOpen) return undefined
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    const sealed = datagram.subarray(SEALED_HEADER_BYTES)
    const number = packetNumberOf(datagram, -1)
    if (sealed.length > this.#opened.length) return undefined
    if (!this.#ports.crypto.open(this.#opened, sealed, header, number, halfOpen.keys.receive))
      return undefined
    this.#remove(halfOpen)
    return halfOpen
  }

  /** Whether this peer is calling us right now. */
  isCalledBy(id: NodeId): boolean {
    for (const halfOpen of this.#byConnection.values()) if (halfOpen.peer.id === id) return true
    return false
  }

  forget(id: NodeId): void {
    for (const halfOpen of [...this.#byConnection.values()])
      if (halfOpen.peer.id === id) this.#remove(halfOpen)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#byConnection.clear()
    this.#byEphemeral.clear()
  }

  #refusalFor(initiation: Initiation): { reason: number; counted: DropReason } | undefined {
    if (initiation.version !== PROTOCOL_VERSION) return { reason: REFUSED_VERSION, counted: 'wrong-version' }
    if (!equal(initiation.networkTag, this.#tag)) return { reason: REFUSED_NETWORK, counted: 'wrong-network' }
    return undefined
  }

  #refuse(initiation: Initiation, reason: number, counted: DropReason, from: Address): void {
    this.#ports.counters.drop(counted)
    this.#ports.send(encodeRefusal({ reason, echo: initiation.noise.slice(0, ECHO_BYTES) }), from)
  }

  #admit(): DropReason | undefined {
    if (this.#byConnection.size >= MAX_HALF_OPEN) return 'half-open-limit'
    return this.#limit.take(1, this.#ports.clock.nowMs()) ? undefined : 'handshake-limit'
  }

  #answer(initiation: Initiation, ephemeral: string, from: Address): void {
    const { crypto, identity, random, clock } = this.#ports
    const own = crypto.agreementKeyPair(random.bytes(32))
    const noise = crypto.noiseResponder(identity.noiseKey, this.#prologue, own)
    const hello = decodeHello(noise.read(initiation.noise), crypto)
    if (equal(hello.record.noiseKey, identity.noiseKey.publicKey))
      return this.#ports.counters.drop('own-initiation')
    const status = this.#judge(hello.record, noise.remoteStatic())
    const ownConnectionId = this.#ports.newConnectionId()
    const answer = { status, connectionId: ownConnectionId, observed: from, record: this.#ports.self() }
    const message = noise.write(encodeAnswer(answer))
    const response = encodeResponse({ connectionId: hello.connectionId, noise: message })
    this.#ports.send(response.slice(), from)
    if (status !== 'welcome') return this.#ports.counters.drop(status)
    const nowMs = clock.nowMs()
    this.#add({
      ephemeral,
      order: this.#ports.nextOrder(),
      expiresMs: nowMs + HALF_OPEN_MS,
      keys: noise.keys(),
      peer: hello.record,
      ownConnectionId,
      peerConnectionId: hello.connectionId,
      response,
      respondedMs: nowMs,
    })
  }

  /** The reason to turn the caller away, told to it inside the handshake, so that nobody else can say it for us. */
  #judge(record: PeerRecord, noiseKey: Bytes): 'welcome' | (AnswerStatus & DropReason) {
    if (!equal(record.noiseKey, noiseKey)) return 'bad-signature'
    try {
      verifyPeerRecord(record, this.#ports.crypto, this.#ports.network)
      return 'welcome'
    } catch (error) {
      if (!(error instanceof BanyanError)) throw error
      return error.code === 'bad-puzzle' ? 'bad-puzzle' : 'bad-signature'
    }
  }

  /** The caller has not had our response, or tries another of our addresses. Three times its bytes are never reached. */
  #repeat(halfOpen: HalfOpen, from: Address): void {
    halfOpen.respondedMs = undefined
    this.#ports.send(halfOpen.response.slice(), from)
  }

  #add(halfOpen: HalfOpen): void {
    this.#byConnection.set(halfOpen.ownConnectionId, halfOpen)
    this.#byEphemeral.set(halfOpen.ephemeral, halfOpen)
    this.#armExpiry()
  }

  #remove(halfOpen: HalfOpen): void {
    this.#byConnection.delete(halfOpen.ownConnectionId)
    this.#byEphemeral.delete(halfOpen.ephemeral)
  }

  /** One timer, for the oldest. */
  #armExpiry(): void {
    const oldest = this.#byConnection.values().next().value
    if (this.#timer || !oldest) return
    const { clock } = this.#ports
    this.#timer = clock.after(Math.max(1, oldest.expiresMs - clock.nowMs()), () => {
      this.#timer = undefined
      const nowMs = clock.nowMs()
      for (const halfOpen of [...this.#byConnection.values()]) {
        if (halfOpen.expiresMs > nowMs) break
        this.#remove(halfOpen)
      }
      this.#armExpiry()
    })
  }
}
