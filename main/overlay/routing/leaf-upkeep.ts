// Keeps the leaf set true and a quiet node quiet. What costs packets:
//
//   link up to a neighbour      soon (a newcomer: after a second) each side names its leaf set once, by hints of 8 bytes;
//                               the other names those that are news, and asks for the records it misses itself
//   leaf set changed            after a second, the new state goes to both immediate neighbours, which makes joins that
//                               raced each other meet
//   a member lost               the farthest live member on each side gets our state; if the link fell silent, or the
//                               node said that it leaves, the other members are told to look for themselves
//   every 20 s to 2 min, by     one random member gets our state, or only its digest where it has that state already
//                               (periodic repair beats reactive repair under churn: Rhea et al., Bamboo, 2004)
//   every 9 s                   the neighbour above gets a probe, unless it has just been heard
//
// Everyone watches the one above, so every death is found within 9 s and the transport's probe timeouts; the others of
// the leaf set then learn of it as a suspicion, probe for themselves, and believe only that.

import { BoundedMap } from '../base/bounded-map.ts'
import { fromHex, toHex, utf8 } from '../base/bytes.ts'
import { IdMap } from '../base/id-map.ts'
import { type NodeId } from '../base/id.ts'
import { LeanSet } from '../base/lean-set.ts'
import { Pace } from '../base/pace.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type LEFT, SILENT } from '../transport/link-ends.ts'
import { type Link } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeLeafDigest,
  decodeLeafHints,
  decodeLeafState,
  decodeSuspect,
  DIGEST_BYTES,
  encodeLeafDigest,
  encodeLeafHints,
  encodeLeafNews,
  encodeLeafState,
  encodeLeafWant,
  encodeSuspect,
} from '../wire/leaf-messages.ts'
import { hintOf, idOfHint } from '../wire/id-hints.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type LastHeard } from './last-heard.ts'
import { type LeafExchange, newsFor } from './leaf-exchange.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'

/** Adapted to how much changes. */
const LEAST_EXCHANGE_MS = 20_000
const MOST_EXCHANGE_MS = 120_000
/** 4 packets each period (a probe and its ack, on both sides): 0.44 packets per second. */
const WATCH_PERIOD_MS = 9000
/** Long enough to gather a burst of joins into one message. */
const PUSH_DELAY_MS = 1000
const REPAIR_DELAY_MS = 300
/** Gathers links that come up together. */
const GREETING_DELAY_MS = 200
/** A newcomer's other links are up by then: told before, its neighbours would send it what it is about to find anyway. */
const NEWCOMER_DELAY_MS = 1000
/** A join and its first links are over. */
const NEWCOMER_FOR_MS = 5000
/** The answer may be lost with its link, and a node that led nowhere may be back. */
const WANT_AGAIN_MS = 10_000
const MAX_WANTED = 64
/** On each side of a suspect: what took one away (a room without power) may have taken its neighbours on the ring. */
const SUSPECTS_BESIDE = 4
/** Whoever was told of a death passes it on within this time, so that of two who were told one tells the other. */
const PASS_ON_WITHIN_MS = 1000
/** A death is found by then, or was none; who reported it may have found the node again. */
const REPORT_COUNTS_FOR_MS = 20_000
const MAX_SUSPECTS = 32

export class LeafUpkeep {
  readonly #around: Surroundings
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #overRing: LeafExchange
  readonly #pace = new Pace(LEAST_EXCHANGE_MS, MOST_EXCHANGE_MS)
  readonly #heard: LastHeard
  /** Digests, in hex, of the last states that crossed the links to members. */
  readonly #sent = new IdMap<string>()
  readonly #received = new IdMap<string>()
  /** When a record was asked for, by hint. */
  readonly #wantedMs = new BoundedMap<string, number>(MAX_WANTED)
  /** By suspect: those who told us, and need not be told, and since when the first of them. */
  readonly #reports = new BoundedMap<NodeId, { sinceMs: number; by: Set<NodeId> }>(MAX_SUSPECTS)
  /** Of the present leaf set; undefined since it changed. */
  #ownDigest: string | undefined
  /** Links that came up, and whose ends know nothing of each other's leaf sets yet. */
  readonly #fresh = new LeanSet<NodeId>()
  #greeting: Timer | undefined
  #startedMs = -Infinity
  #push: Timer | undefined
  #repair: Timer | undefined

  constructor(
    around: Surroundings,
    membership: Membership,
    parts: { keeper: LinkKeeper; overRing: LeafExchange; heard: LastHeard },
  ) {
    this.#around = around
    this.#membership = membership
    this.#keeper = parts.keeper
    this.#overRing = parts.overRing
    this.#heard = parts.heard
    membership.onChange(() => {
      this.#ownDigest = undefined
      this.#pace.changed()
      this.#pushSoon()
    })
  }

  start(): void {
    const { timers, random, clock } = this.#around
    this.#startedMs = clock.nowMs()
    timers.every(
      () => this.#pace.next() * (0.8 + 0.4 * random.unit()),
      () => this.#exchange(),
    )
    timers.every(
      () => WATCH_PERIOD_MS,
      () => this.#watchAbove(),
    )
  }

  linkUp(link: Link): void {
    this.#forget(link.peer.id)
    this.#keeper.linkUp(link.peer.id)
    this.#fresh.add(link.peer.id)
    const { clock, timers } = this.#around
    const isNewcomer = clock.nowMs() - this.#startedMs < NEWCOMER_FOR_MS
    this.#greeting ??= timers.after(isNewcomer ? NEWCOMER_DELAY_MS : GREETING_DELAY_MS, () => this.#greet())
  }

  /** `loss`: the node itself is gone, as far as is known here. */
  linkDown(id: NodeId, wasMember: boolean, loss: typeof SILENT | typeof LEFT | undefined): void {
    this.#forget(id)
    if (loss) this.#keeper.lost(id)
    if (!wasMember) return
    // At once: a leaf set with a free place would take itself for the whole ring, and every key to be within it.
    this.#membership.refill()
    if (loss) this.#spreadSuspicion(id)
    if (loss === SILENT)
      for (const beside of this.#membership.closest(id, 2 * SUSPECTS_BESIDE)) this.#probeIfQuiet(beside)
    this.#repairSoon()
  }

  onState(body: Reader): void {
    this.#keeper.learn(decodeLeafState(body, this.#around))
  }

  /** Asks for what we miss, and names what the sender misses: by all of our state where it does not have that. */
  onHints(link: Link, body: Reader): void {
    const { id } = link.peer
    const hints = decodeLeafHints(body)
    this.#received.set(id, this.#digest(hints))
    this.#lookInto(link, hints)
    if (this.#isNewTo(id)) return this.#sendHints(link)
    const news = newsFor(this.#membership, id, hints)
    if (news.length > 0) link.send(encodeLeafNews(news.map((record) => record.id)))
  }

  onNews(link: Link, body: Reader): void {
    this.#lookInto(link, decodeLeafHints(body))
  }

  onWant(link: Link, body: Reader): void {
    const wanted = new Set(decodeLeafHints(body))
    const records = this.#membership.leafSet.records().filter(({ id }) => wanted.has(hintOf(id)))
    if (records.length > 0) link.send(encodeLeafState(records))
  }

  onDigest(link: Link, body: Reader): void {
    const digest = toHex(decodeLeafDigest(body))
    if (this.#received.get(link.peer.id) !== digest || this.#isNewTo(link.peer.id)) this.#sendHints(link)
  }

  /** Never believed: the transport's own probe says whether the node is gone. */
  onSuspect(from: Link, body: Reader): void {
    const id = decodeSuspect(body)
    this.#noteReport(id, from.peer.id)
    if (!this.#membership.leafSet.has(id)) return
    const link = this.#membership.linkTo(id)
    if (!link) return this.#keeper.doubt(id, from.peer.id)
    link.probe()
    for (const beside of this.#membership.leafSet.beside(id, SUSPECTS_BESIDE)) this.#probeIfQuiet(beside)
  }

  #probeIfQuiet(id: NodeId): void {
    if (this.#heard.silentMs(id) >= WATCH_PERIOD_MS / 4) this.#membership.linkTo(id)?.probe()
  }

  #greet(): void {
    this.#greeting = undefined
    for (const id of this.#fresh) {
      const link = this.#membership.linkTo(id)
      if (link && this.#membership.leafSet.has(id) && this.#isNewTo(id)) this.#sendHints(link)
    }
    this.#fresh.clear()
  }

  #sendHints(link: Link): void {
    this.#sent.set(link.peer.id, this.#digestNow())
    link.send(encodeLeafHints(this.#membership.members()))
  }

  /**
   * Several neighbours name a newcomer at once, and go on naming the dead until they know. So it is by hints, and a
   * record is asked for where none is at hand, or the one at hand led nowhere.
   */
  #lookInto(link: Link, hints: readonly string[]): void {
    const { directory } = this.#membership
    const atHand: PeerRecord[] = []
    const wanted: string[] = []
    for (const hint of hints) {
      if (!this.#isMissed(hint)) continue
      const known = directory.hinted(hint)
      if (known && !directory.isBlocked(known.id)) atHand.push(known)
      else if (this.#mayAskFor(hint)) wanted.push(hint)
    }
    if (atHand.length > 0) this.#keeper.learn(atHand)
    if (wanted.length > 0) link.send(encodeLeafWant(wanted))
  }

  #mayAskFor(hint: string): boolean {
    const nowMs = Math.floor(this.#around.clock.nowMs())
    if (nowMs - (this.#wantedMs.get(hint) ?? -Infinity) < WANT_AGAIN_MS) return false
    this.#wantedMs.set(hint, nowMs)
    return true
  }

  /** A place for it is here, and nobody in it or about to be. */
  #isMissed(hint: string): boolean {
    const { leafSet, self } = this.#membership
    const isOurs = self.startsWith(hint) || leafSet.hasHinted(hint)
    return !isOurs && leafSet.wants(idOfHint(hint)) && !this.#keeper.isUnderWay(hint)
  }

  #exchange(): void {
    this.#forgetFormerMembers()
    this.#membership.refill()
    this.#keeper.review()
    const members = this.#membership.members()
    const member = members[this.#around.random.below(Math.max(1, members.length))]
    const link = member && this.#membership.linkTo(member)
    if (link && !this.#isNewTo(link.peer.id)) link.send(encodeLeafDigest(fromHex(this.#digestNow())!))
    else this.#tell(member)
  }

  /** Our state over the link there is, or a comparison over the ring. */
  #tell(member: NodeId | undefined): void {
    const link = member && this.#membership.linkTo(member)
    if (link) this.#sendHints(link)
    else if (member) void this.#overRing.ask(member)
  }

  #watchAbove(): void {
    const above = this.#membership.leafSet.above[0]
    if (above) this.#probeIfQuiet(above)
  }

  #pushSoon(): void {
    this.#push ??= this.#around.timers.after(PUSH_DELAY_MS, () => {
      this.#push = undefined
      const { above, below } = this.#membership.leafSet
      for (const id of new Set([above[0], below[0]])) {
        if (id && this.#isNewTo(id)) this.#tell(id)
      }
    })
  }

  #repairSoon(): void {
    this.#repair ??= this.#around.timers.after(REPAIR_DELAY_MS, () => {
      this.#repair = undefined
      this.#membership.refill()
      this.#keeper.review()
      const { above, below } = this.#membership.leafSet
      const asked = new Set([this.#farthestLinked(above), this.#farthestLinked(below)])
      for (const link of asked) if (link) this.#sendHints(link)
    })
  }

  #farthestLinked(side: readonly NodeId[]): Link | undefined {
    for (let i = side.length - 1; i >= 0; i--) {
      const link = this.#membership.linkTo(side[i]!)
      if (link) return link
    }
    return undefined
  }

  #noteReport(id: NodeId, reporter: NodeId): void {
    const report = this.#reportOf(id)
    if (report) report.by.add(reporter)
    else this.#reports.set(id, { sinceMs: Math.floor(this.#around.clock.nowMs()), by: new Set([reporter]) })
  }

  #reportOf(id: NodeId): { by: Set<NodeId> } | undefined {
    const report = this.#reports.get(id)
    const isRecent = report && this.#around.clock.nowMs() - report.sinceMs < REPORT_COUNTS_FOR_MS
    return isRecent ? report : undefined
  }

  /** At once by the first who finds out; by the others a little later, to those who have not told them by then. */
  #spreadSuspicion(id: NodeId): void {
    const { timers, random } = this.#around
    const report = this.#reportOf(id)
    const tell = (): void => {
      const message = encodeSuspect(id)
      for (const member of this.#membership.members())
        if (!report?.by.has(member)) this.#membership.linkTo(member)?.send(message)
    }
    if (report) timers.after(PASS_ON_WITHIN_MS * random.unit(), tell)
    else tell()
  }

  #isNewTo(id: NodeId): boolean {
    return this.#sent.get(id) !== this.#digestNow()
  }

  #digestNow(): string {
    return (this.#ownDigest ??= this.#digest(this.#membership.leafSet.ids().map(hintOf)))
  }

  #digest(hints: string[]): string {
    const hash = this.#around.crypto.hash(utf8(hints.sort().join('')))
    return toHex(hash.subarray(0, DIGEST_BYTES))
  }

  #forget(id: NodeId): void {
    this.#sent.delete(id)
    this.#received.delete(id)
  }

  /** Nothing is compared with them any more; where one still counts on us, it is told our state anew. */
  #forgetFormerMembers(): void {
    for (const id of [...this.#sent.ids, ...this.#received.ids])
      if (!this.#membership.leafSet.has(id)) this.#forget(id)
  }
}
