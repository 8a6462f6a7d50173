// A whole network of real nodes over modelled links, driven by one seed.

import { hostCrypto } from '../../main/host/crypto.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { Identity } from '../../main/overlay/identity.ts'
import { type Network, networkOf } from '../../main/overlay/network.ts'
import { type NodeOptions, OverlayNode } from '../../main/overlay/node.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { MemoryStore } from '../memory-store.ts'
import { ModelledLinks } from './modelled-links.ts'
import { ModelledNetwork } from './modelled-network.ts'
import { SkewedClock } from './skewed-clock.ts'

export interface WorldOptions {
  seed: number
  delayMs?: [number, number]
  canLink?: (a: NodeId, b: NodeId) => boolean
  node?: Partial<NodeOptions>
}

export interface Inhabitant {
  readonly number: number
  readonly identity: Identity
  readonly store: MemoryStore
  readonly links: ModelledLinks
  readonly clock: SkewedClock
  readonly node: OverlayNode
  isAlive: boolean
}

export class ModelledWorld {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly random: SeededRandom
  readonly network: ModelledNetwork
  readonly overlayNetwork: Network = networkOf(hostCrypto, 'simulated', 0)
  readonly inhabitants: Inhabitant[] = []
  readonly errors: string[] = []
  readonly #options: WorldOptions

  constructor(options: WorldOptions) {
    this.#options = options
    this.random = new SeededRandom(options.seed)
    this.network = new ModelledNetwork({ queue: this.queue, random: this.random, ...options })
  }

  get alive(): Inhabitant[] {
    return this.inhabitants.filter(({ isAlive }) => isAlive)
  }

  /** A new node, not started. */
  add(): Inhabitant {
    const seeds = { node: this.random.bytes(32), noise: this.random.bytes(32) }
    const identity = new Identity(hostCrypto, this.overlayNetwork, seeds)
    return this.#install(this.inhabitants.length, identity, new MemoryStore(), 0)
  }

  /** A node that ran before, with its keys and its disk, at another address. */
  restart(former: Inhabitant): Inhabitant {
    return this.#install(former.number, former.identity, former.store, 1 + this.random.below(250))
  }

  /** Starts so many nodes, one each `apartMs`, all told of the first. */
  async grow(count: number, apartMs = 50): Promise<Inhabitant[]> {
    const grown: Inhabitant[] = []
    for (let i = 0; i < count; i++) {
      const one = this.add()
      if (this.inhabitants[0] !== one) one.node.addPeers([targetOf(this.inhabitants[0]!)])
      await one.node.start()
      grown.push(one)
      await this.run(apartMs)
    }
    return grown
  }

  kill(victims: readonly Inhabitant[]): void {
    for (const victim of victims) {
      victim.isAlive = false
      victim.links.crash()
    }
  }

  /** It takes leave, as a program does that is quit. */
  async leave(leaver: Inhabitant): Promise<void> {
    await this.finish(leaver.node.stop())
    this.kill([leaver])
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  /** Runs until the promise settles, at most so long. */
  async finish<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    const untilMs = this.queue.nowMs + withinMs
    while (!isSettled && this.queue.nowMs < untilMs) await this.run(10)
    if (!isSettled) throw new Error(`not settled within ${withinMs} ms of virtual time`)
    return promise
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!
  }

  sample<T>(from: readonly T[], count: number): T[] {
    const left = [...from]
    return Array.from({ length: count }, () => left.splice(this.random.below(left.length), 1)[0]!)
  }

  #install(number: number, identity: Identity, store: MemoryStore, generation: number): Inhabitant {
    const host = `10.${generation}.${number >> 8}.${number & 255}`
    const links = new ModelledLinks(this.network, identity.selfRecord([{ host, port: 4000 }]))
    const clock = new SkewedClock(this.clock)
    const node = new OverlayNode({
      clock,
      random: new SeededRandom(this.random.below(2 ** 32)),
      crypto: hostCrypto,
      store,
      log: {
        log: (level, room, message) => void (level === 'error' && this.errors.push(`${room}: ${message}`)),
      },
      links,
      network: this.overlayNetwork,
      identity,
      options: this.#options.node,
    })
    const inhabitant: Inhabitant = { number, identity, store, links, clock, node, isAlive: true }
    this.inhabitants[number] = inhabitant
    return inhabitant
  }
}

export function targetOf({ links }: Inhabitant): DialTarget {
  const { noiseKey, addresses, id } = links.self
  return { noiseKey, addresses, id }
}
