// One computer that finds out what it is behind, and those it asks: observers of different owners that it has sessions with,
// and strangers that only they know. The transport and the finding out are the shipped ones, on datagrams.

import { hostCrypto } from '../../main/host/crypto.ts'
import { DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { codeOf } from '../../main/overlay/base/errors.ts'
import { type Surroundings } from '../../main/overlay/base/surroundings.ts'
import { TimerGroup } from '../../main/overlay/base/timer-group.ts'
import { Identity } from '../../main/overlay/identity.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { type Address, type DatagramSocket, sameAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { type Store } from '../../main/overlay/ports/store.ts'
import { Reachability } from '../../main/overlay/reach/reachability.ts'
import { ReachSocket } from '../../main/overlay/reach/reach-socket.ts'
import { Endpoint, type EndpointOptions } from '../../main/overlay/transport/endpoint.ts'
import { type Link } from '../../main/overlay/transport/links.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { encodeKnock } from '../../main/overlay/wire/packet-reach.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { MemoryStore } from '../memory-store.ts'
import { type NatBehaviour } from '../net/nat-behaviour.ts'
import { NatBox } from '../net/nat-box.ts'
import { PacketNetwork } from '../net/packet-network.ts'
import { type PathModel } from '../net/path-model.ts'
import { type Uplink } from '../net/receivers.ts'
import { SimulatedSocket } from '../net/simulated-socket.ts'

export interface ReachHost {
  readonly identity: Identity
  readonly endpoint: Endpoint
  /** Undefined where it is left out: the transport alone. */
  readonly reachability: Reachability | undefined
  readonly socket: SimulatedSocket
  readonly drops: DropCounts
  /** Sends what its node would not; the message as it stands. */
  say(to: ReachHost, message: Uint8Array): void
}

export interface ReachHostOptions {
  transport?: Partial<EndpointOptions>
  store?: Store
  hasReach?: boolean
  hasSpareSockets?: boolean
  /** Changes what this host sends: a liar's datagrams. */
  forged?(datagram: Uint8Array): Uint8Array
}

const PORT = 4000
const FIRST_SPARE_PORT = 40_000
export const INSIDE = '192.168.1.2'

export class ReachStage {
  readonly queue = new EventQueue()
  readonly net: PacketNetwork
  readonly #clock = new VirtualClock(this.queue)
  readonly #random: SeededRandom
  readonly #network = networkOf(hostCrypto, 'simulated', 0)
  #boxes = 0
  #sparePort = FIRST_SPARE_PORT

  constructor(seed: number, model: Partial<PathModel> = {}) {
    this.#random = new SeededRandom(seed)
    this.net = new PacketNetwork(this.queue, new SeededRandom(seed + 1), model)
  }

  box(behaviour: NatBehaviour, uplink: Uplink = this.net): NatBox {
    const number = this.#boxes++
    const outsideHost = uplink === this.net ? `198.18.200.${1 + number}` : `100.64.0.${1 + number}`
    const { queue, net } = this
    return new NatBox({ queue, random: this.#seeded(), uplink, outsideHost, behaviour, drops: net.drops })
  }

  host(host: string, uplink: Uplink = this.net, options: ReachHostOptions = {}): ReachHost {
    const socket = SimulatedSocket.open({ host, port: PORT }, uplink)
    const drops = new DropCounts()
    const random = this.#seeded()
    const seeds = { node: random.bytes(32), noise: random.bytes(32) }
    const identity = new Identity(hostCrypto, this.#network, seeds)
    const log = { log: () => undefined }
    const ports = { clock: this.#clock, random, crypto: hostCrypto, log, network: this.#network }
    const around: Surroundings = { ...ports, drops, timers: new TimerGroup(this.#clock) }
    const reachSocket = new ReachSocket(
      options.forged ? forging(socket, options.forged) : socket,
      this.#clock,
    )
    const endpoint = new Endpoint({ ...ports, identity, socket: reachSocket, options: options.transport })
    const reachability =
      options.hasReach === false
        ? undefined
        : new Reachability(around, {
            socket: reachSocket,
            openSocket:
              options.hasSpareSockets === false
                ? undefined
                : async () => SimulatedSocket.open({ host, port: this.#sparePort++ }, uplink),
            onObservedAddress: (listener) => endpoint.onObservedAddress(listener),
            provenAddress: (id) => endpoint.get(id)?.provenAddress,
            mayCall: (to, bytes) => endpoint.mayCall(to, bytes),
            advertise: () => undefined,
            setKeepAliveMs: (ms) => void (endpoint.keepAliveMs = ms),
            links: endpoint,
            store: options.store ?? new MemoryStore(),
            isUnanswered: () => false,
            onChange: () => undefined,
          })
    listen(endpoint, reachability, drops)
    endpoint.start()
    const say = (to: ReachHost, message: Uint8Array): void => endpoint.get(to.identity.id)!.send(message)
    return { identity, endpoint, reachability, socket, drops, say }
  }

  /** Hosts of different owners: `198.<second>.<n>.1`. */
  publicHosts(second: number, count: number, options: ReachHostOptions = {}): ReachHost[] {
    return Array.from({ length: count }, (_, n) => this.host(`198.${second}.${n}.1`, this.net, options))
  }

  /** `at`: where the other is called, if it is not found where its socket is. */
  async connect(from: ReachHost, to: ReachHost, at = to.socket.local): Promise<void> {
    const { identity } = to
    const target = { id: identity.id, noiseKey: identity.noiseKey.publicKey, addresses: [at] }
    const dial = from.endpoint.dial(target)
    let isOver = false
    const note = (): void => void (isOver = true)
    dial.then(note, note)
    while (!isOver) await this.run(50)
    await dial
  }

  /** The same, called by the public one: who is behind a translator has sent something there before, and so can be called. */
  async connectFromOutside(outside: ReachHost, inside: ReachHost): Promise<void> {
    let seenAt: Address | undefined
    this.net.tap((_, from, to) => {
      if (sameAddress(to, outside.socket.local)) seenAt ??= { ...from }
    })
    inside.socket.send(encodeKnock(OPENER), outside.socket.local)
    await this.run(200)
    await this.connect(outside, inside, seenAt)
  }

  /**
   * The same to one whose router lets in only who was sent to: it sends something there when the call is on its way. `box`: its
   * router, which gives it one port for all.
   */
  async connectToShy(from: ReachHost, shy: ReachHost, box: NatBox): Promise<void> {
    let shyAt: Address | undefined
    let callerAt: Address | undefined
    this.net.tap((_, source, to) => {
      if (source.host === box.outsideHost) shyAt ??= { ...source }
      if (callerAt || !shyAt || !sameAddress(to, shyAt)) return
      callerAt = { ...source }
      shy.socket.send(encodeKnock(OPENER), callerAt)
    })
    shy.socket.send(encodeKnock(OPENER), NOBODY)
    await this.run(200)
    await this.connect(from, shy, shyAt)
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  #seeded(): SeededRandom {
    return new SeededRandom(this.#random.below(2 ** 32))
  }
}

/** A nonce that nobody waits for. */
const OPENER = '0'.repeat(16)
const NOBODY = { host: '198.18.255.255', port: 9 }

function forging(socket: SimulatedSocket, forged: (datagram: Uint8Array) => Uint8Array): DatagramSocket {
  return {
    local: socket.local,
    localAddresses: () => socket.localAddresses(),
    largestDatagram: () => socket.largestDatagram(),
    send: (datagram, to) => socket.send(forged(datagram), to),
    onDatagram: (receiver) => socket.onDatagram(receiver),
    close: () => socket.close(),
  }
}

/** What node.ts does for it. */
function listen(endpoint: Endpoint, reachability: Reachability | undefined, drops: DropCounts): void {
  const handlers = new Map(reachability?.handlers())
  endpoint.on({
    up: () => reachability?.linkUp(),
    down: () => undefined,
    message: (link: Link, message) => {
      try {
        handlers.get(message[0]!)?.(link, new Reader(message, 1))
      } catch (error) {
        drops.count(`message ${message[0]}: ${codeOf(error)}`)
      }
    },
  })
}
