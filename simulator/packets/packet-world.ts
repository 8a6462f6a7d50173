// A whole network from datagrams up: each node is the shipped one on the shipped transport, with real keys, handshakes
// and sealed packets, on a socket of the packet town. One seed drives everything.

import { hostCrypto } from '../../main/host/crypto.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { Identity } from '../../main/overlay/identity.ts'
import { type Network, networkOf } from '../../main/overlay/network.ts'
import { OverlayNode } from '../../main/overlay/node.ts'
import { ReachSocket } from '../../main/overlay/reach/reach-socket.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { pauseBeforeJoinMs } from '../growth.ts'
import { KeptErrors } from '../kept-errors.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { MemoryStore } from '../memory-store.ts'
import { PacketNetwork } from '../net/packet-network.ts'
import { type PathModel } from '../net/path-model.ts'
import { Internet } from '../world/internet.ts'
import { CountingEndpoint } from './counting-endpoint.ts'
import { PacketTown, type Place } from './packet-town.ts'
import { PacketTrace } from './packet-trace.ts'

export interface PacketWorldOptions {
  seed: number
  /** Share of computers behind NAT. */
  nat: number
  /** Share of datagrams lost on each path. */
  loss: number
  /** Standard deviation of a path's delay, relative to it. */
  jitter: number
  /** Servers that every newcomer is told of. */
  bootstraps: number
  /** Regions in which hosts crowd; 0 spreads them evenly. */
  clusters: number
  replicaQuotaBytes: number
}

export interface PacketHost {
  readonly number: number
  readonly id: NodeId
  readonly place: Place
  readonly links: CountingEndpoint
  readonly node: OverlayNode
}

/** Sees every whole message when it comes out of a session, before its node does; hosts by number. For checkers. */
export type SessionTap = (from: number, to: number, message: Uint8Array) => void

/** Assumed: a good path doubles hardly anything and reorders little. */
const DUPLICATE_RATE = 0.0005
const REORDER_RATE = 0.005
/** No datagram is faster than four fifths of its path's mean. */
const FASTEST = 0.8

export class PacketWorld {
  readonly queue = new EventQueue()
  readonly random: SeededRandom
  readonly network: PacketNetwork
  readonly town: PacketTown
  readonly trace: PacketTrace
  readonly #clock = new VirtualClock(this.queue)
  readonly #overlayNetwork: Network = networkOf(hostCrypto, 'simulated', 0)
  readonly #options: PacketWorldOptions
  readonly #terrain: Internet
  readonly #log = new KeptErrors()
  readonly #numbers = new Map<NodeId, number>()
  readonly #sessionTaps: SessionTap[] = []
  #alive: PacketHost[] = []
  #introducers: DialTarget[] = []
  #created = 0

  constructor(options: PacketWorldOptions) {
    const { seed, nat, loss, bootstraps, clusters } = options
    this.#options = options
    this.random = new SeededRandom(seed)
    const { queue } = this
    // Translation is the town's part; of this terrain only the places are used.
    this.#terrain = new Internet({ seed, clusters, bootstraps, loss, nat: 0, punch: 0 })
    const everywhere = { lossRate: loss, duplicateRate: DUPLICATE_RATE, reorderRate: REORDER_RATE }
    const survey = (from: string, to: string): Partial<PathModel> => this.#pathBetween(from, to)
    this.network = new PacketNetwork(queue, this.#seeded(), everywhere, survey)
    this.town = new PacketTown({
      queue,
      random: this.#seeded(),
      network: this.network,
      nat,
      servers: bootstraps,
    })
    this.trace = new PacketTrace(this.network, () => queue.nowMs)
  }

  /** What nodes logged as errors: there should be none. */
  get errors(): readonly string[] {
    return this.#log.errors
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** Those running, in the order they started. */
  get alive(): readonly PacketHost[] {
    return this.#alive
  }

  tapSessions(tap: SessionTap): void {
    this.#sessionTaps.push(tap)
  }

  /** A new computer with a new identity, which joins by the addresses of the bootstrap servers. */
  async join(): Promise<PacketHost> {
    const host = this.#create()
    host.node.addPeers(this.#introducers)
    this.#alive.push(host)
    if (host.number < this.#options.bootstraps) this.#introducers = [...this.#introducers, entryOf(host)]
    host.links.start()
    await host.node.start()
    return host
  }

  /** Grows by real joins to so many nodes, the faster the larger the network is. */
  async grow(nodes: number, onProgress?: () => void): Promise<void> {
    while (this.alive.length < nodes) {
      await this.join()
      await this.run(pauseBeforeJoinMs(this.alive.length))
      onProgress?.()
    }
  }

  /** The power is gone: nothing is said to anybody. */
  async kill(victims: readonly PacketHost[]): Promise<void> {
    const dead = new Set(victims)
    this.#alive = this.#alive.filter((host) => !dead.has(host))
    for (const { place, node, links } of victims) {
      await place.socket.close()
      await node.stop()
      await links.stop()
    }
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  #create(): PacketHost {
    const number = this.#created++
    const identity = new Identity(hostCrypto, this.#overlayNetwork, {
      node: this.random.bytes(32),
      noise: this.random.bytes(32),
    })
    const place = this.town.moveIn()
    const ports = {
      clock: this.#clock,
      random: this.#seeded(),
      crypto: hostCrypto,
      log: this.#log,
      network: this.#overlayNetwork,
      identity,
    }
    const socket = new ReachSocket(place.socket, this.#clock)
    const endpoint = new CountingEndpoint({ ...ports, socket })
    const spareRandom = this.#seeded()
    this.#numbers.set(identity.id, number)
    endpoint.on({
      up: () => undefined,
      down: () => undefined,
      message: ({ peer }, message) => {
        const from = this.#numbers.get(peer.id)!
        for (const tap of this.#sessionTaps) tap(from, number, message)
      },
    })
    const node = new OverlayNode({
      ...ports,
      links: endpoint,
      transport: endpoint.counters,
      reach: {
        socket,
        openSocket: async () => place.socket.openSibling(spareRandom),
        onObservedAddress: (listener) => endpoint.onObservedAddress(listener),
        provenAddress: (id) => endpoint.get(id)?.provenAddress,
        mayCall: (to, bytes) => endpoint.mayCall(to, bytes),
        advertise: (seen) => endpoint.advertise('seen', seen),
        setKeepAliveMs: (ms) => void (endpoint.keepAliveMs = ms),
      },
      store: new MemoryStore(),
      options: { replicaQuotaBytes: this.#options.replicaQuotaBytes },
    })
    return { number, id: identity.id, place, links: endpoint, node }
  }

  #pathBetween(from: string, to: string): Partial<PathModel> {
    const [a, b] = [this.town.siteOf(from), this.town.siteOf(to)]
    if (a === undefined || b === undefined) return {}
    const delayMs = this.#terrain.delayMs(a, b)
    return { delayMs, jitterMs: this.#options.jitter * delayMs, minDelayMs: FASTEST * delayMs }
  }

  #seeded(): SeededRandom {
    return new SeededRandom(this.random.below(2 ** 32))
  }
}

/** As a bootstrap list names it: by address and noise key alone. */
function entryOf({ place, links }: PacketHost): DialTarget {
  return { noiseKey: links.self.noiseKey, addresses: [place.socket.local] }
}
