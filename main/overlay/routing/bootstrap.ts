// Finding the first peer and a place on the ring.
//
//        start, all links lost                a dial succeeded            the join was answered, or
//   ┌─> joining ──────────────────────┬────> linked: join sent ──────┬─> joined (a newcomer dialled us)
//   │     all targets failed          │           no answer          │        │ all links lost
//   └──── alone <─────────────────────┴──────────────────────────────┘ <──────┘
//         wait 1 s doubling to 30 s, for ever
//
// A join is a message routed to one's own id. The root answers with its leaf set, and every node on the way adds the table
// row that the newcomer can use: to the answer when it passes there, so that no row takes the way to the root and back; the
// question only names by hints what is in them. The same lookup, repeated now and then through somebody no link leads to,
// lets rings that were apart merge.

import { BoundedMap } from '../base/bounded-map.ts'
import { equal, toHex } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type NodeId, sharedPrefixLength } from '../base/id.ts'
import { inTime } from '../base/in-time.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { formatAddress } from '../ports/datagram-socket.ts'
import { type Paths } from '../ports/paths.ts'
import { type Application, type Routes } from '../ports/routes.ts'
import { type DialTarget, type Links } from '../transport/links.ts'
import { hintOf } from '../wire/id-hints.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type RoutedMessage } from '../wire/routed-message.ts'
import {
  decodeHarvest,
  decodeJoin,
  decodeNamed,
  encodeJoin,
  encodeLeaves,
  encodeNamed,
} from '../wire/ring-questions.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'

export type JoinState =
  { stage: 'stopped' } | { stage: 'joining' } | { stage: 'alone'; problem: string } | { stage: 'joined' }

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
const JOIN_TIMEOUT_MS = 6000
/** How long the joins through other targets wait for the first. */
const PATIENCE_MS = 600
/** An invitation, a bootstrap list and 50 remembered peers fit; a list without end does not. */
const MAX_TARGETS = 128
/** A leaf set and most of a table; contacts past these are dialled by the contacts' own search all the same. */
const MAX_MET = 64
const MAX_HINTS = 128
/** Through those that have a link to us while we look for a ring: some answers may be lost, and more lead no farther. */
const MAX_PARALLEL_JOINS = 4
/** In another network, of those that were there in the last. */
const MAX_CALLED_BACK = 16
/** Of those met in this run, and of the hints, so many are tried each time: another draw every half minute at most. */
const DRAWN_PER_ROUND = 8
/** Through somebody no link leads to any more. A network that was cut for long is one again within two periods. */
const APART_LOOKUP_PERIOD_MS = 120_000
/** So many neighbours that it did not know of are more than one or two newcomers: two rings are becoming one. */
const MERGING_NAMED = 4
const MERGING_LOOKUP_MS = 10_000

export class Bootstrap {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #routes: Routes
  readonly #paths: Paths
  readonly #targets = new LeanMap<string, DialTarget>()
  /** Those linked of late: where all links are lost, they are likelier to be there than the targets of the start. */
  readonly #met = new BoundedMap<NodeId, DialTarget>(MAX_MET)
  /** Where contacts may be. Once joined they are no business of ours. */
  readonly #hints = new BoundedMap<string, DialTarget>(MAX_HINTS)
  readonly #onState: () => void
  readonly #pending = new LeanMap<NodeId, Promise<void>>()
  #state: JoinState = { stage: 'stopped' }
  #retryMs = FIRST_RETRY_MS
  #retry: Timer | undefined
  #round = 0

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      membership: Membership
      keeper: LinkKeeper
      routes: Routes
      paths: Paths
      onState: () => void
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#membership = parts.membership
    this.#keeper = parts.keeper
    this.#routes = parts.routes
    this.#paths = parts.paths
    this.#onState = parts.onState
    parts.routes.register(APPLICATION.join, this.#application())
  }

  get state(): JoinState {
    return this.#state
  }

  start(): void {
    this.#become({ stage: 'joining' })
    this.#tryAll()
    const { timers, random } = this.#around
    timers.every(
      () => APART_LOOKUP_PERIOD_MS * (0.8 + 0.4 * random.unit()),
      () => this.#lookUpSelfApart(),
    )
  }

  stop(): void {
    this.#round++
    this.#become({ stage: 'stopped' })
  }

  /** Where this node has joined already, a new target may lead to another ring, which must become one with ours. */
  add(targets: readonly DialTarget[]): void {
    const fresh: DialTarget[] = []
    for (const target of targets) {
      const key = toHex(target.noiseKey)
      if (!isSame(this.#targets.get(key), target)) fresh.push(target)
      if (this.#targets.has(key) || this.#targets.size < MAX_TARGETS) this.#targets.set(key, target)
    }
    if (this.#state.stage !== 'stopped') for (const target of fresh) void this.#tryFresh(target)
  }

  /** Tried while there is no ring to be in, with the next round. The search for the contact itself begins at once. */
  addHint(target: DialTarget): void {
    this.#hints.set(toHex(target.noiseKey), target)
  }

  /** Told by the local network, where anybody may lie: tried at once, and kept among the hints, which push out no target. */
  addNearby(target: DialTarget): void {
    this.addHint(target)
    if (this.#state.stage !== 'stopped') void this.#tryFresh(target)
  }

  /** Whoever dialled us while we look for a ring is a way in as good as any target. */
  linkUp(peer: NodeId): void {
    const record = this.#membership.linkTo(peer)?.peer
    if (record) this.#met.set(peer, record)
    const { stage } = this.#state
    if (stage !== 'joining' && stage !== 'alone') return
    if (this.#pending.size >= MAX_PARALLEL_JOINS) return
    this.#join(peer).then(
      () => this.#joined(),
      (error: unknown) => this.#around.drops.count(`join: ${codeOf(error)}`),
    )
  }

  /** Whom no link leads to may be there again: those of late, and of the targets some. */
  networkChanged(): void {
    if (this.#state.stage === 'joining' || this.#state.stage === 'alone') return this.#tryAll()
    if (this.#state.stage !== 'joined') return
    const apart = [...this.#apart()].slice(0, MAX_CALLED_BACK)
    for (const target of apart) void this.#compareThrough(target)
  }

  linkDown(): void {
    if (this.#state.stage !== 'joined' || this.#membership.linked().length > 0) return
    this.#retryMs = FIRST_RETRY_MS
    this.#become({ stage: 'joining' })
    this.#tryAll()
  }

  /** All targets in parallel; the first that leads into the ring wins, the others still tell us whom they know. */
  #tryAll(): void {
    this.#retry?.cancel()
    const round = ++this.#round
    const attempts = this.#drawTargets().map((target) => this.#tryOne(target))
    void Promise.all(attempts).then((problems) => {
      if (round !== this.#round || this.#state.stage === 'joined' || this.#state.stage === 'stopped') return
      const problem = problems.findLast((text) => text !== '') ?? 'no peer is known yet'
      this.#become({ stage: 'alone', problem })
      const jitter = 0.8 + 0.4 * this.#around.random.unit() // those that lost one bootstrap node together come back apart
      this.#retry = this.#around.timers.after(jitter * this.#retryMs, () => this.#tryAll())
      this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
    })
  }

  #drawTargets(): DialTarget[] {
    const drawn = [...this.#draw(this.#met), ...this.#draw(this.#hints)]
    const all = [...drawn, ...this.#targets.values()]
    return [...new Map(all.map((target) => [toHex(target.noiseKey), target])).values()]
  }

  #draw<K>(from: BoundedMap<K, DialTarget>): DialTarget[] {
    const left = [...from.keys()].map((key) => from.get(key)!)
    const count = Math.min(DRAWN_PER_ROUND, left.length)
    return Array.from({ length: count }, () => left.splice(this.#around.random.below(left.length), 1)[0]!)
  }

  /** Beside a round that may be under way: the others are not dialled anew for it. */
  async #tryFresh(target: DialTarget): Promise<void> {
    const problem = await this.#tryOne(target)
    if (problem !== '' && this.#state.stage === 'alone') this.#become({ stage: 'alone', problem })
  }

  /** The problem in words; empty where it worked. */
  async #tryOne(target: DialTarget): Promise<string> {
    try {
      const link = await this.#links.dial(target)
      await this.#join(link.peer.id)
      this.#joined()
      return ''
    } catch (error) {
      this.#around.drops.count(`join: ${codeOf(error)}`)
      return error instanceof Error ? error.message : String(error)
    }
  }

  /** One join at a time through one peer, however many wait for it. */
  #join(via: NodeId): Promise<void> {
    let pending = this.#pending.get(via)
    if (!pending) {
      const others = [...this.#pending.values()]
      pending = this.#joinAfter(others[0], via).finally(() => this.#pending.delete(via))
      this.#pending.set(via, pending)
    }
    return pending
  }

  /**
   * After the first of them, most often: then what that one brought need not be brought again. Nor where the map of the links
   * around shows everybody by then; while it is being drawn, all others may be starting too, and joins meet nobody.
   */
  async #joinAfter(first: Promise<void> | undefined, via: NodeId): Promise<void> {
    let isFirstOver = first === undefined
    const firstOver = first?.catch(() => undefined).then(() => (isFirstOver = true))
    do {
      if (firstOver) await inTime(this.#around.timers, PATIENCE_MS, firstOver)
      if (firstOver && this.#paths.isWhole()) return
    } while (!isFirstOver && this.#paths.isForming())
    await this.#joinOnce(via)
  }

  async #joinOnce(via: NodeId): Promise<void> {
    const payload = encodeJoin(this.#known())
    const options = { timeoutMs: JOIN_TIMEOUT_MS, via }
    const reply = await this.#routes.request(this.#membership.self, APPLICATION.join, payload, options)
    this.#keeper.learn(decodeHarvest(reply.payload, this.#around))
  }

  #known(): string[] {
    return [...this.#membership.directory.candidates()].map(({ id }) => hintOf(id))
  }

  #joined(): void {
    if (this.#state.stage === 'joining' || this.#state.stage === 'alone') this.#become({ stage: 'joined' })
  }

  /**
   * Through somebody this node once had a link to, or was told of at its start, and has none to now: rings that were cut apart
   * have no links left between them, and the probes that go out over links would never find the other.
   */
  #lookUpSelfApart(): void {
    if (this.#state.stage !== 'joined') return
    const apart = this.#apart()
    const target = apart[this.#around.random.below(Math.max(1, apart.length))]
    if (target) void this.#compareThrough(target)
  }

  /** Those met and targets that no link leads to, or none that is known to lead to them. */
  #apart(): DialTarget[] {
    const met = [...this.#met.keys()].filter((id) => !this.#membership.linkTo(id))
    const linked = this.#membership.linked().map((id) => this.#membership.linkTo(id)?.peer.noiseKey)
    const isLinked = ({ noiseKey }: DialTarget): boolean => linked.some((key) => key && equal(key, noiseKey))
    const all = [...met.map((id) => this.#met.get(id)!), ...this.#targets.values()].filter(
      (target) => !isLinked(target),
    )
    return [...new Map(all.map((target) => [toHex(target.noiseKey), target])).values()]
  }

  /** What a join would tell, without what is known already: in a ring that is one this is nothing. */
  async #compareThrough(target: DialTarget): Promise<void> {
    const { self } = this.#membership
    try {
      const link = await this.#links.dial(target)
      const question = encodeLeaves(this.#membership.members())
      const options = { timeoutMs: JOIN_TIMEOUT_MS, via: link.peer.id }
      const reply = await this.#routes.request(self, APPLICATION.leaves, question, options)
      const named = decodeNamed(reply.payload, this.#around)
      this.#keeper.learnAnew(named)
      if (named.length >= MERGING_NAMED)
        this.#around.timers.after(MERGING_LOOKUP_MS, () => this.#lookUpSelfApart())
    } catch (error) {
      this.#around.drops.count(`self lookup: ${codeOf(error)}`)
    }
  }

  #application(): Application {
    return {
      forward: (message) => {
        const known = decodeJoin(message.payload)
        const own = missing(message, known, this.#rowFor(message.source))
        const named = own.map(({ id }) => hintOf(id))
        return { kind: 'pass', payload: encodeJoin([...known, ...named]), addition: encodeNamed(own) }
      },
      deliver: (message) => {
        const { leafSet } = this.#membership
        const own = [this.#links.self, ...leafSet.records(), ...this.#rowFor(message.source)]
        return encodeNamed(missing(message, decodeJoin(message.payload), unique(own)))
      },
    }
  }

  #rowFor(newcomer: NodeId): PeerRecord[] {
    const row = sharedPrefixLength(this.#membership.self, newcomer)
    return [this.#links.self, ...this.#membership.table.row(row)]
  }

  #become(state: JoinState): void {
    if (state.stage === 'joined') {
      this.#retryMs = FIRST_RETRY_MS
      this.#retry?.cancel()
    }
    this.#state = state
    this.#onState()
  }
}

function isSame(known: DialTarget | undefined, target: DialTarget): boolean {
  if (!known) return false
  return known.addresses.map(formatAddress).join() === target.addresses.map(formatAddress).join()
}

function unique(records: readonly PeerRecord[]): PeerRecord[] {
  return [...new Map(records.map((record) => [record.id, record])).values()]
}

function missing(
  { source }: RoutedMessage,
  known: readonly string[],
  own: readonly PeerRecord[],
): PeerRecord[] {
  const named = new Set([...known, hintOf(source)])
  return own.filter(({ id }) => !named.has(hintOf(id)))
}
