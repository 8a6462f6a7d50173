// The shipped routers on any graph of links, with leaf sets as an all-knowing observer gives them, and records laid by what
// walks the graph. Every crossing of a link is written down with all that decides where the message goes next.

import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import { type Id, idFromBytes, type NodeId } from '../../../main/overlay/base/id.ts'
import { RingIndex } from '../../../main/overlay/base/ring-index.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Surroundings } from '../../../main/overlay/base/surroundings.ts'
import { type RouteOptions, type RouteReply } from '../../../main/overlay/ports/routes.ts'
import { LeafSet } from '../../../main/overlay/routing/leaf-set.ts'
import { type Membership } from '../../../main/overlay/routing/membership.ts'
import { Router } from '../../../main/overlay/routing/router.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { decodeRouted, type RoutedMessage } from '../../../main/overlay/wire/routed-message.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

const LINK_DELAY_MS = 10
const LEAVES_PER_SIDE = 8
/** An application of the test: at the root it says who that is. */
const QUESTION = 200
/** One that leaves records as probes do, without their signatures. */
const LAYING = 201

export interface Crossing {
  requestId: string
  from: NodeId
  to: NodeId
  /** All but the hop count that the next decision depends on. */
  state: string
}

interface GraphNode {
  readonly router: Router
  readonly records: NextHopRecords
  readonly links: RingIndex
}

export class GraphWorld {
  readonly random: SeededRandom
  readonly queue = new EventQueue()
  readonly ids: readonly NodeId[]
  readonly ring: TrueRing
  readonly crossings: Crossing[] = []
  readonly #clock = new VirtualClock(this.queue)
  readonly #nodes = new Map<NodeId, GraphNode>()
  /** Take messages and give no sign, in both directions. */
  readonly #silent = new Set<string>()
  #round = 0

  constructor(seed: number, nodes: number) {
    this.random = new SeededRandom(seed)
    this.ids = Array.from({ length: nodes }, () => idFromBytes(this.random.bytes(32))).sort()
    this.ring = new TrueRing(this.ids)
    for (const id of this.ids) this.#nodes.set(id, this.#nodeOf(id))
  }

  recordsOf(id: NodeId): NextHopRecords {
    return this.#nodes.get(id)!.records
  }

  linksOf(id: NodeId): readonly NodeId[] {
    return this.#nodes.get(id)!.links.ids
  }

  /** A random tree, so that everybody is reached, and so many links more for each node. */
  linkAtRandom(perNode: number): void {
    const { ids, random } = this
    const order = [...ids].sort(() => random.unit() - 0.5)
    for (let i = 1; i < order.length; i++) this.link(order[i]!, order[random.below(i)]!)
    for (let i = 0; i < perNode * ids.length; i++)
      this.link(ids[random.below(ids.length)]!, ids[random.below(ids.length)]!)
  }

  link(a: NodeId, b: NodeId): void {
    if (a === b) return
    this.#nodes.get(a)!.links.add(b)
    this.#nodes.get(b)!.links.add(a)
  }

  /** Noticed at once on both sides. */
  unlink(a: NodeId, b: NodeId): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#nodes.get(one)!.links.remove(other)
      this.#nodes.get(one)!.records.linkDown(other)
    }
  }

  /** Not noticed by anybody but those whose messages it swallows. */
  silence(a: NodeId, b: NodeId): void {
    this.#silent.add(a + b).add(b + a)
  }

  /** Every node sends probes to its own id over some of its links. */
  async layRecords(copies: number): Promise<void> {
    this.#round++
    for (const id of this.ids)
      for (let copy = 0; copy < copies; copy++) {
        const links = this.linksOf(id)
        const via = links[this.random.below(links.length)]!
        const offset = copy % 2 === 1 ? Math.ceil(copy / 2) : -(copy / 2)
        await this.finish(this.#send(id, id, LAYING, { timeoutMs: 60_000, via, offset, isOnce: true }))
      }
    this.crossings.length = 0
  }

  /** The node that the key was delivered at, or the error code. */
  async ask(from: NodeId, key: Id, options: Partial<RouteOptions> = {}): Promise<Id | string> {
    const reply = await this.finish(
      this.#send(from, key, QUESTION, { timeoutMs: 60_000, isOnce: true, ...options }),
    )
    return typeof reply === 'string' ? reply : reply.responder
  }

  /** The links that each message crossed. */
  walks(): Crossing[][] {
    const walks = new Map<string, Crossing[]>()
    for (const crossing of this.crossings)
      walks.set(crossing.requestId, [...(walks.get(crossing.requestId) ?? []), crossing])
    return [...walks.values()]
  }

  async finish<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    while (!isSettled) await this.queue.runUntil(this.queue.nowMs + LINK_DELAY_MS)
    return promise
  }

  #send(from: NodeId, key: Id, application: number, options: RouteOptions): Promise<RouteReply | string> {
    return this.#nodes.get(from)!.router.request(key, application, EMPTY, options).catch(codeOf)
  }

  #nodeOf(id: NodeId): GraphNode {
    const links = new RingIndex()
    const leafSet = new LeafSet(id)
    const { above, below } = this.ring.leafSet(id, LEAVES_PER_SIDE)
    for (const other of [...above, ...below]) leafSet.add({ id: other } as PeerRecord)
    const records = new NextHopRecords(this.#clock, { origins: 1024, lifeMs: 1e9 })
    const linkTo = (to: NodeId): Link | undefined => (links.has(to) ? this.#linkOf(id, to) : undefined)
    const membership = { self: id, leafSet, links, linkTo } as unknown as Membership
    const around = {
      clock: this.#clock,
      random: this.random,
      drops: new DropCounts(),
      timers: new TimerGroup(this.#clock),
    } as unknown as Surroundings
    const router = new Router(around, membership, records, 8)
    router.register(QUESTION, { deliver: () => EMPTY })
    const lay = ({ source, hops }: RoutedMessage, previous: NodeId | undefined): void => {
      if (previous && previous !== source)
        records.add(source, { link: previous, sequence: this.#round, hops })
    }
    router.register(LAYING, {
      forward: (message, previous) => {
        lay(message, previous)
        return { kind: 'pass' }
      },
      deliver: (message, previous) => {
        lay(message, previous)
        return EMPTY
      },
    })
    return { router, records, links }
  }

  #linkOf(from: NodeId, to: NodeId): Link {
    const link = {
      peer: { id: from },
      rttMs: 2 * LINK_DELAY_MS,
      traffic: { receivedPackets: 0 },
      probe: () => undefined,
      send: (message: Uint8Array, acked?: (isDelivered: boolean) => void) =>
        this.#carry(from, to, message, acked),
    }
    return { ...link, peer: { id: to } } as unknown as Link
  }

  #carry(from: NodeId, to: NodeId, message: Uint8Array, acked?: (isDelivered: boolean) => void): void {
    if (this.#silent.has(from + to)) return
    const { queue } = this
    const arriveMs = queue.nowMs + LINK_DELAY_MS
    queue.at(arriveMs, () => this.#arrive(from, to, message))
    queue.at(arriveMs + LINK_DELAY_MS, () => acked?.(true))
  }

  #arrive(from: NodeId, to: NodeId, message: Uint8Array): void {
    const { router } = this.#nodes.get(to)!
    const body = new Reader(message.subarray(1))
    if (message[0] === MESSAGE.routedReply) return router.onReply(body)
    const { requestId, visited, keyHops, bound, isFollowing, detoursLeft } = decodeRouted(
      new Reader(message.subarray(1)),
    )
    const state = JSON.stringify([[...visited].sort(), keyHops, bound, isFollowing, detoursLeft])
    this.crossings.push({ requestId, from, to, state })
    router.onRouted(this.#linkOf(to, from), body)
  }
}
