// A whole network of the shipped overlay nodes over modelled sessions, driven by one seed.

import { hostCrypto } from '../../main/host/crypto.ts'
import { type NodeId, rememberIds } from '../../main/overlay/base/id.ts'
import { drawn } from '../../main/overlay/base/shuffled.ts'
import { Identity, type IdentitySeeds } from '../../main/overlay/identity.ts'
import { type Network, networkOf } from '../../main/overlay/network.ts'
import { type NodeOptions, OverlayNode } from '../../main/overlay/node.ts'
import { type Crypto } from '../../main/overlay/ports/crypto.ts'
import { type DialTarget, type Links } from '../../main/overlay/transport/links.ts'
import { copyWrittenBy } from '../../main/overlay/wire/codec.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { PeerRecordPool } from '../../main/overlay/wire/peer-record-pool.ts'
import { pauseBeforeJoinMs } from '../growth.ts'
import { KeptErrors } from '../kept-errors.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { keyedTagCrypto } from './keyed-tag-crypto.ts'
import { SharedProcessors } from './shared-processors.ts'
import { type Terrain } from './terrain.ts'
import { uncountedCopy } from './uncounted.ts'
import { WorldLinks } from './world-links.ts'
import { addressOf, WorldNetwork } from './world-network.ts'
import { SharedValues, WorldStore } from './world-store.ts'

export interface WorldOptions {
  seed: number
  terrain: Terrain
  /** Of each message's delay, relative. */
  jitter: number
  /** What a message takes of processors that all nodes share, in ms; 0: computing takes no time. */
  computeMs?: number
  /** Signatures by keyed tags instead of Ed25519. */
  isCryptoModelled: boolean
  /** Production's default unless an experiment says otherwise; 0 takes the record store's upkeep out of the picture. */
  replicaQuotaBytes: number
  /** What else of a node is to be other than in production. */
  nodeOptions?: Partial<NodeOptions>
}

/** Hosts that are other than they seem: hostile ones. */
export interface Disguise {
  /** Of its identity: those drawn for it, or others that it has chosen. */
  seedsOf(host: number, drawn: IdentitySeeds): IdentitySeeds
  /** What its node takes for its links. */
  linksOf(links: WorldLinks): Links
}

export interface Host {
  readonly number: number
  readonly id: NodeId
  readonly links: WorldLinks
  readonly node: OverlayNode
  readonly startedMs: number
}

/** However large the network is. */
const MOST_JOINS_PER_SECOND = 500
/** One of each node of the largest network, half of them young. */
const MAX_RECORDS = 1_000_000
/** Nodes, keys and roots of the largest network, most of them in a place of their own: 8 MB. */
const REMEMBERED_IDS = 2 ** 20

export class World {
  readonly queue = new EventQueue()
  readonly random: SeededRandom
  readonly network: WorldNetwork
  readonly overlayNetwork: Network
  readonly crypto: Crypto
  readonly #clock = new VirtualClock(this.queue)
  /** What one node has read, hashed and verified, the others need not. */
  readonly #records: PeerRecordPool
  readonly #values = new SharedValues()
  readonly #options: WorldOptions
  readonly #hosts: (Host | undefined)[] = []
  readonly #log = new KeptErrors()
  /** Of the hosts created from now on. */
  disguise: Disguise | undefined
  #alive: Host[] | undefined
  #created = 0

  constructor(options: WorldOptions) {
    const { seed, terrain, jitter, computeMs = 0 } = options
    this.#options = options
    rememberIds(REMEMBERED_IDS)
    copyWrittenBy(uncountedCopy)
    this.random = new SeededRandom(seed)
    const processors = computeMs > 0 ? new SharedProcessors(computeMs) : undefined
    this.network = new WorldNetwork({ queue: this.queue, random: this.random, terrain, jitter, processors })
    this.crypto = options.isCryptoModelled ? keyedTagCrypto(seed) : hostCrypto
    this.overlayNetwork = networkOf(hostCrypto, 'simulated', 0)
    this.#records = new PeerRecordPool(this.crypto, this.overlayNetwork, MAX_RECORDS)
  }

  /** What nodes logged as errors: there should be none. */
  get errors(): readonly string[] {
    return this.#log.errors
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** What the nodes' own clocks say it is. */
  get wallMs(): number {
    return this.#clock.wallMs()
  }

  /** Those running, in the order they started. */
  get alive(): readonly Host[] {
    this.#alive ??= this.#hosts.filter((host) => host !== undefined)
    return this.#alive
  }

  isUp({ number }: Host): boolean {
    return this.#hosts[number] !== undefined
  }

  /** A new node with a new identity, started and told of the terrain's introducers. */
  async join(): Promise<Host> {
    const host = this.create()
    host.node.addPeers(this.#introductions(host.number))
    await this.start(host)
    return host
  }

  /** A new node, not started. */
  create(): Host {
    return this.#create(this.#created++)
  }

  /** `neighbours`: where the network is put up with its ring in place. */
  async start(host: Host, neighbours?: readonly PeerRecord[]): Promise<void> {
    this.#hosts[host.number] = host
    this.#alive = undefined
    await host.node.start(neighbours)
  }

  /** Grows by real joins to so many nodes, the faster the larger the network is. */
  async grow(nodes: number, onProgress?: () => void): Promise<void> {
    while (this.alive.length < nodes) {
      const size = this.alive.length
      await this.join()
      await this.run(pauseBeforeJoinMs(size, MOST_JOINS_PER_SECOND))
      if (size % 64 === 0) onProgress?.()
    }
  }

  kill(victims: readonly Host[]): void {
    for (const victim of victims) {
      victim.links.crash()
      this.#hosts[victim.number] = undefined
      this.#stopTimers(victim)
    }
    this.#alive = undefined
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!
  }

  /** Different ones, in random order. */
  sample<T>(from: readonly T[], count: number): T[] {
    return drawn(from, count, this.random)
  }

  #create(number: number): Host {
    const drawn = { node: this.random.bytes(32), noise: this.random.bytes(32) }
    const seeds = this.disguise?.seedsOf(number, drawn) ?? drawn
    const identity = new Identity(this.crypto, this.overlayNetwork, seeds)
    const self = this.#records.shared(identity.selfRecord([addressOf(number)]))
    const links = new WorldLinks(this.network, number, self)
    const parts = {
      clock: this.#clock,
      random: new SeededRandom(this.random.below(2 ** 32)),
      crypto: this.crypto,
      store: new WorldStore(this.#values),
      log: this.#log,
      links: this.disguise?.linksOf(links) ?? links,
      network: this.overlayNetwork,
      identity,
      options: { replicaQuotaBytes: this.#options.replicaQuotaBytes, ...this.#options.nodeOptions },
      records: this.#records,
    }
    const node = new OverlayNode(parts)
    return { number, id: identity.id, links, node, startedMs: this.nowMs }
  }

  #introductions(number: number): DialTarget[] {
    return this.#options.terrain
      .introducers(number, number)
      .map((each) => this.#hosts[each])
      .filter((host) => host !== undefined)
      .map(({ links: { self } }) => ({ noiseKey: self.noiseKey, addresses: self.addresses, id: self.id }))
  }

  /** A dead machine runs nothing: what its node would still do must not cost the simulation anything either. */
  #stopTimers({ node }: Host): void {
    void node.stop()
  }
}
