// Dials the nodes that have a place in leaf set or table: a few at a time, the ring's nearest first, none that failed of
// late. A wanted neighbour that cannot be linked (two nodes behind unfriendly NATs) is a member all the same where it
// answers over the ring, or has just been seen by its probe. No transport watches such a member: it is asked now and then.
// Whoever is on the map of links around here needs no link, and is dialled as a shortcut (shortcuts.ts).

import { compareDistance, type NodeId } from '../base/id.ts'
import { inTime } from '../base/in-time.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { codeOf } from '../base/errors.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { EMPTY } from '../base/bytes.ts'
import { type Timer } from '../ports/clock.ts'
import { type Paths } from '../ports/paths.ts'
import { type Routes } from '../ports/routes.ts'
import { type Links } from '../transport/links.ts'
import { hintOf } from '../wire/id-hints.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Membership } from './membership.ts'
import { Shortcuts } from './shortcuts.ts'

/** Enough to fill a leaf set in two round trips; few enough that a burst of gossip is no burst of handshakes. */
const MAX_PARALLEL_DIALS = 8
/** A dial that takes longer mostly ends in vain, seconds later: meanwhile it is asked for over the ring. */
const DIAL_PATIENCE_MS = 1000
const PING_TIMEOUT_MS = 4000
/** A ping that finds no way need not look behind every corner. */
const PING_DETOURS = 3
const VERIFY_PERIOD_MS = 40_000
/** Whoever has a link to it finds its death in seconds and says so; this is for those that nobody near has a link to. */
const SEEN_FOR_MS = 200_000
/** Before a member that did not answer is given up, its way may be laid anew. */
const VERIFY_AGAIN_MS = 6000
/** Independent, and each by a link that fell silent: its way need not be laid anew. */
const BELIEVED_REPORTS = 2
/** A member has ways that lead to it, or had; whoever was given up is asked for at its neighbours alone. */
const VERIFY_DETOURS = 2
const GIVEN_UP_DETOURS = 0
/** One that others name again and again is asked at most so often. */
const ASK_AGAIN_MS = 45_000
/** By a probe alone: a leaf set's worth at once. Whoever invents ids does not turn ours over; the others are asked. */
const ADMISSIONS_BURST = 16
const ADMISSIONS_PER_SECOND = 0.5
const MAX_REMEMBERED = 128
/**
 * While the map of links is drawn, most of those that are named turn out to be on it, and need no dial; among cables each would
 * be in vain. Where links can be had a dial takes a round trip, so that a few at a time are no brake.
 */
const MAX_DIALS_WHILE_FORMING = 2
const FORMING_LOOK_MS = 250

export class LinkKeeper {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #membership: Membership
  readonly #routes: Routes
  readonly #paths: Paths
  readonly #shortcuts = new Shortcuts()
  readonly #admissions: TokenBucket
  readonly #dialling = new LeanSet<NodeId>()
  readonly #seenMs = new BoundedMap<NodeId, number>(MAX_REMEMBERED)
  readonly #askedMs = new BoundedMap<NodeId, number>(MAX_REMEMBERED)
  /** Fell silent, or did not answer over the ring when last asked: gone, or cut off. */
  readonly #missing = new BoundedMap<NodeId, true>(MAX_REMEMBERED)
  /** About members that are being asked for. */
  readonly #doubts = new LeanMap<NodeId, Doubt>()
  readonly #waiting = new LeanMap<NodeId, PeerRecord>()
  #later: Timer | undefined

  constructor(
    around: Surroundings,
    parts: { links: Links; membership: Membership; routes: Routes; paths: Paths },
  ) {
    const { links, membership, routes, paths } = parts
    this.#around = around
    this.#links = links
    this.#membership = membership
    this.#routes = routes
    this.#paths = paths
    this.#admissions = new TokenBucket(ADMISSIONS_BURST, ADMISSIONS_PER_SECOND, around.clock.nowMs())
    routes.register(APPLICATION.ping, { deliver: () => EMPTY })
  }

  start(): void {
    this.#around.timers.every(
      () => VERIFY_PERIOD_MS * (0.8 + 0.4 * this.#around.random.unit()),
      () => this.#verifyUnlinked(),
    )
  }

  /** Records from gossip; the useful ones are dialled. */
  learn(records: readonly PeerRecord[]): void {
    for (const record of records) if (this.#membership.directory.learn(record)) this.#consider(record)
    this.#pump()
  }

  /** Records from beyond a cut that may be over: that they could not be reached before says nothing. */
  learnAnew(records: readonly PeerRecord[]): void {
    for (const { id } of records) {
      if (this.#missing.has(id)) this.#membership.directory.forgive(id)
      this.#missing.delete(id)
      this.#askedMs.delete(id)
    }
    this.learn(records)
  }

  /** It just proved that it is there: a place in the leaf set is its own, link or no link. */
  seen(record: PeerRecord): void {
    const { leafSet, directory } = this.#membership
    if (!leafSet.wants(record.id)) return
    this.answered(record.id)
    if (leafSet.has(record.id) || !directory.learn(record)) return
    this.#consider(record)
    // On the map it is with the word of both ends of a link, and an invented node needs a puzzle, a link and room there.
    const isAdmitted = this.#paths.isMapped(record.id) || this.#admissions.take(1, this.#around.clock.nowMs())
    if (isAdmitted) this.#membership.admitUnlinked(record)
    this.#pump()
  }

  /** Looks again at everybody known, after places fell free or blocks ran out. */
  review(): void {
    for (const record of this.#membership.directory.candidates()) this.#consider(record)
    this.#pump()
  }

  /** It answered over the ring. */
  answered(id: NodeId): void {
    this.#seenMs.set(id, this.#nowMs())
    if (this.#missing.get(id)) this.#membership.directory.forgive(id)
    this.#missing.delete(id)
  }

  linkUp(id: NodeId): void {
    this.#missing.delete(id)
  }

  /** Its link fell silent, so it is most likely gone, and to dial it in vain is dear. */
  lost(id: NodeId): void {
    this.#giveUp(id)
    this.#askedMs.set(id, this.#nowMs())
  }

  /** A report that an unlinked member is gone. When another says so too, it is asked in vain only once. */
  doubt(id: NodeId, reporter: NodeId): void {
    if (!this.#membership.leafSet.has(id) || this.#membership.linkTo(id)) return
    this.#doubtOf(id).reporters.add(reporter)
  }

  /** It says, or somebody in its name, that it leaves: a member is asked for once, and given up where it does not answer. */
  left(id: NodeId): void {
    if (this.#membership.leafSet.has(id) && !this.#membership.linkTo(id)) this.#doubtOf(id).saidSo()
  }

  /** A node with that hint is being dialled, or about to be. */
  isUnderWay(hint: string): boolean {
    const isIt = (id: NodeId): boolean => hintOf(id) === hint
    return [...this.#dialling].some(isIt) || [...this.#waiting.keys()].some(isIt)
  }

  #nowMs(): number {
    return Math.floor(this.#around.clock.nowMs())
  }

  #consider(record: PeerRecord): void {
    const { id } = record
    if (this.#isWorthDialling(id)) this.#waiting.set(id, record)
    else if (!this.#dialling.has(id)) this.#admitOrAsk(record)
  }

  #isWorthDialling(id: NodeId): boolean {
    if (this.#dialling.has(id) || this.#membership.linkTo(id)) return false
    if (!this.#membership.hasUseFor(id) || this.#membership.directory.isBlocked(id)) return false
    return !this.#paths.isMapped(id) || this.#shortcuts.mayTry(this.#nowMs())
  }

  /** It could not be dialled, but may be there. */
  #isWorthAsking(id: NodeId): boolean {
    const { leafSet } = this.#membership
    if (this.#membership.linkTo(id) || leafSet.has(id) || !leafSet.wants(id)) return false
    return this.#nowMs() - (this.#askedMs.get(id) ?? -Infinity) >= ASK_AGAIN_MS
  }

  /** Both ends of a link to it say that it is there, which of one that fell silent they said before. */
  #admitOrAsk(record: PeerRecord): void {
    if (!this.#isWorthAsking(record.id)) return
    if (this.#paths.isMapped(record.id) && !this.#missing.has(record.id))
      this.#membership.admitUnlinked(record)
    else void this.#askOverRing(record)
  }

  #pump(): void {
    const isForming = this.#paths.isForming()
    while (this.#dialling.size < (isForming ? MAX_DIALS_WHILE_FORMING : MAX_PARALLEL_DIALS)) {
      const record = this.#nearestWaiting()
      if (!record) return
      this.#waiting.delete(record.id)
      if (this.#isWorthDialling(record.id)) void this.#dial(record)
    }
    if (isForming) this.#pumpLater()
  }

  /** More of them, once the map is drawn. */
  #pumpLater(): void {
    this.#later ??= this.#around.timers.after(FORMING_LOOK_MS, () => {
      this.#later = undefined
      this.#pump()
    })
  }

  #nearestWaiting(): PeerRecord | undefined {
    let nearest: PeerRecord | undefined
    for (const record of this.#waiting.values())
      if (!nearest || compareDistance(this.#membership.self, record.id, nearest.id) < 0) nearest = record
    return nearest
  }

  async #dial(record: PeerRecord): Promise<void> {
    const { id } = record
    const { directory } = this.#membership
    const isShortcut = this.#paths.isMapped(id)
    if (isShortcut) this.#shortcuts.began()
    this.#dialling.add(id)
    let isLinked = false
    const late = this.#around.timers.after(DIAL_PATIENCE_MS, () => {
      this.#admitOrAsk(record)
    })
    try {
      await this.#links.dial({ noiseKey: record.noiseKey, addresses: record.addresses, id })
      isLinked = true
    } catch (error) {
      this.#around.drops.count(`dial: ${codeOf(error)}`)
      directory.failed(id)
      // It is there and does not answer: two hosts behind unfriendly NATs, and no reason to try again soon.
      if (this.#membership.leafSet.has(id)) directory.failed(id)
    }
    late.cancel()
    this.#dialling.delete(id)
    // Whoever has gone meanwhile says nothing about those who can be linked.
    if (isShortcut) this.#shortcuts.ended(isLinked || !this.#paths.isMapped(id), this.#nowMs())
    if (isShortcut && isLinked) this.review()
    else this.#pump()
  }

  /** A neighbour that cannot be linked may still be there; and one that was given up, and is there, may be linked. */
  async #askOverRing(record: PeerRecord): Promise<void> {
    const { id } = record
    this.#askedMs.set(id, this.#nowMs())
    const wasMissing = this.#missing.has(id)
    if (!(await this.#answersOverRing(id, wasMissing ? GIVEN_UP_DETOURS : PING_DETOURS))) return
    this.#membership.admitUnlinked(record)
    if (!wasMissing) return
    this.#consider(record)
    this.#pump()
  }

  async #answersOverRing(id: NodeId, detours: number): Promise<boolean> {
    const options = { timeoutMs: PING_TIMEOUT_MS, isExact: true, isOnce: true, detours }
    try {
      await this.#routes.request(id, APPLICATION.ping, EMPTY, options)
      this.answered(id)
      return true
    } catch {
      this.#missing.set(id, true)
      return false // every reason means the same here: not to be reached now
    }
  }

  #verifyUnlinked(): void {
    const nowMs = this.#nowMs()
    for (const id of this.#membership.members()) {
      const isFresh = nowMs - (this.#seenMs.get(id) ?? -Infinity) < SEEN_FOR_MS
      if (!isFresh && !this.#membership.linkTo(id) && !this.#paths.isMapped(id)) this.#doubtOf(id)
    }
  }

  #doubtOf(id: NodeId): Doubt {
    let doubt = this.#doubts.get(id)
    if (!doubt) {
      doubt = new Doubt()
      this.#doubts.set(id, doubt)
      void this.#verify(id, doubt)
    }
    return doubt
  }

  async #verify(id: NodeId, doubt: Doubt): Promise<void> {
    const isThere = (await this.#answersOverRing(id, VERIFY_DETOURS)) || (await this.#answersLater(id, doubt))
    this.#doubts.delete(id)
    if (isThere || this.#membership.linkTo(id)) return
    this.#membership.directory.failed(id)
    this.#giveUp(id)
    this.#membership.remove(id)
    this.#membership.refill()
  }

  /** It has failed already; once more, so that it is left alone for minutes. */
  #giveUp(id: NodeId): void {
    this.#missing.set(id, true)
    this.#membership.directory.failed(id)
  }

  async #answersLater(id: NodeId, { reporters, hasSaidSo }: Doubt): Promise<boolean> {
    const hasLeft = await inTime(this.#around.timers, VERIFY_AGAIN_MS, hasSaidSo)
    if (this.#membership.linkTo(id)) return true
    return !hasLeft && reporters.size < BELIEVED_REPORTS && this.#answersOverRing(id, VERIFY_DETOURS)
  }
}

/** Whether a member is still there. */
class Doubt {
  /** They say that it is gone. */
  readonly reporters = new Set<NodeId>()
  /** True once it has said so itself. */
  readonly hasSaidSo: Promise<true>
  saidSo!: () => void

  constructor() {
    this.hasSaidSo = new Promise((resolve) => {
      this.saidSo = () => resolve(true)
    })
  }
}
