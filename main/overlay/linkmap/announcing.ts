// Keeps the map of the links around a node that has few of them (a radio, a cable, a small network), by telling each other
// of links instead of asking for ways:
//
//   own links changed         soon, its new announcement over all of its links
//   a new announcement        passed on over all other links, gathered for a moment; not where the map is full of nearer nodes
//   a link came up            both sides say what they have, and get what they miss
//   a link fell silent        announced no more, or again (silent-links.ts)
//   an origin no longer       the one beside us is asked for a sign of life
//   names one beside us
//   now and then              what is known is compared over one link, in case something was lost with a session
//
// A node with many links takes no part: there the ring leads everywhere in a few steps. Every origin is told of only within
// the 64 nearest nodes, so neither state nor traffic grows with the network. A link-state protocol, as OLSR (RFC 3626) and
// OSPF are, cut off at a distance; distance vectors were rejected, for they take rounds to forget a node that went.

import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Timer } from '../ports/clock.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { SPARSE_LINKS } from '../ports/paths.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { hintOf } from '../wire/id-hints.ts'
import {
  decodeLinks,
  decodeLinksKnown,
  encodeLinks,
  encodeLinksKnown,
  type LinkAnnouncement,
  MAX_MAPPED,
  newAnnouncement,
  verifyAnnouncement,
} from '../wire/link-announcement.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import { type LinkMap } from './link-map.ts'
import { SilentLinks } from './silent-links.ts'

/** Links come up several at a time; a node that is about to have many never says a word. */
const QUIET_MS = 150
const LONGEST_WAIT_MS = 600
/** Of what comes in, to be passed on in one message. */
const GATHER_MS = 15
/** By chance, about so often; what is unknown at two looks in a row is forgotten. */
const COMPARE_MS = 300_000
/** A map of 64 nodes is drawn in some rounds of announcements. */
const SETTLED_AFTER_MS = 1_000
/** Where all are busy, and that shows in round trips, silence says less: who searches then adds to what they have to do. */
const SETTLED_AFTER_ROUNDS = 5
const YOUNG_FOR_MS = 10_000
/** Of one's own, and (with some more room) of any origin: links that come and go. */
const CHANGES_BURST = 10
const CHANGES_PER_SECOND = 0.2
const ROOM_FACTOR = 2
/** From one link: a whole map several times over, at once. */
const LINK_BURST = 512
const LINK_PER_SECOND = 40
/** Clocks of desktop computers are off by hours where a time zone is set wrong. */
const MAX_CLOCK_SKEW_S = 86_400
const NONE: ReadonlySet<string> = new Set()

export interface AnnouncingParts {
  links: Links
  /** How many of them are open. */
  linkCount: () => number
  map: LinkMap
  nodeKey: KeyPair
  /** It has links now, and there is a way to it. */
  onSeen: (peer: PeerRecord) => void
}

export class Announcing {
  readonly #around: Surroundings
  readonly #parts: AnnouncingParts
  readonly #changes: TokenBucket
  readonly #origins: PeerBudgets
  readonly #budgets: PeerBudgets
  readonly #silent: SilentLinks
  /** Links that came up since the last announcement. */
  readonly #fresh = new LeanSet<NodeId>()
  /** By hint, the link that it came over. */
  readonly #toPassOn = new LeanMap<string, NodeId>()
  /** Taken in, but no way leads there yet. */
  readonly #unseen = new LeanMap<string, PeerRecord>()
  #unreachable: ReadonlySet<string> = NONE
  #startedMs = -Infinity
  #newsMs = -Infinity
  /** An announcement was not taken in, and may have been true. */
  #refusedMs = -Infinity
  #own: LinkAnnouncement | undefined
  #sequence = 0
  #wait: { timer: Timer; sinceMs: number } | undefined
  #gathering: Timer | undefined

  constructor(around: Surroundings, parts: AnnouncingParts) {
    this.#around = around
    this.#parts = parts
    this.#silent = new SilentLinks(around, parts.links, (isNews) => {
      this.#useOwn()
      if (isNews) this.#changed()
    })
    this.#changes = new TokenBucket(CHANGES_BURST, CHANGES_PER_SECOND, around.clock.nowMs())
    this.#origins = new PeerBudgets(
      around.clock,
      ROOM_FACTOR * CHANGES_BURST,
      ROOM_FACTOR * CHANGES_PER_SECOND,
    )
    this.#budgets = new PeerBudgets(around.clock, LINK_BURST, LINK_PER_SECOND)
  }

  start(): void {
    const { timers, random, clock } = this.#around
    this.#startedMs = clock.nowMs()
    timers.every(
      () => COMPARE_MS * (0.8 + 0.4 * random.unit()),
      () => this.#compare(),
    )
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.links, (link, body) => this.#onLinks(link, body)],
      [MESSAGE.linksKnown, (link, body) => this.#onKnown(link, body)],
    ]
  }

  linkUp(id: NodeId): void {
    this.#silent.linkUp(id)
    this.#fresh.add(id)
    this.#changed()
  }

  linkDown(id: NodeId): void {
    this.#silent.linkDown(id)
    this.#fresh.delete(id)
    this.#changed()
  }

  /** A hop did not take a message in time. */
  silent(id: NodeId): void {
    if (this.#parts.map.size > 0) this.#silent.add(id)
  }

  /** Whom the origin no longer names, though they still name it. */
  #doubtThoseLeft({ origin, links }: LinkAnnouncement): void {
    const { map } = this.#parts
    const [hint, named] = [hintOf(origin.id), new Set(links)]
    for (const link of this.#open()) {
      const here = hintOf(link.peer.id)
      if (!named.has(here) && map.areLinked(hint, here)) this.#silent.doubt(link)
    }
  }

  /** Some announcements are there, and more keep coming: the others of a network that has just started. */
  isForming(): boolean {
    const nowMs = this.#around.clock.nowMs()
    const isYoung = nowMs - this.#startedMs < YOUNG_FOR_MS
    // Asked for each hop of each message: the links are looked through last, and only where there is a map.
    return isYoung && this.#parts.map.size > 0 && nowMs - this.#newsMs < this.#settledAfterMs()
  }

  #settledAfterMs(): number {
    const slowestMs = Math.max(0, ...this.#open().map(({ rttMs }) => rttMs))
    return Math.max(SETTLED_AFTER_MS, SETTLED_AFTER_ROUNDS * slowestMs)
  }

  /** Or has asked for it since: what was refused at a bad moment comes with the next comparison. */
  hasHeardAll(): boolean {
    return this.#around.clock.nowMs() - this.#refusedMs > 2 * COMPARE_MS
  }

  #open(): Link[] {
    return [...this.#parts.links.all()].filter(({ isOpen }) => isOpen)
  }

  #isSparse(): boolean {
    return this.#parts.linkCount() < SPARSE_LINKS
  }

  #useOwn(): void {
    const usable = this.#open().filter(({ peer }) => !this.#silent.has(peer.id))
    this.#parts.map.setOwn(usable.map(({ peer }) => peer.id))
  }

  #changed(): void {
    if (!this.#isSparse()) return this.#withdraw()
    this.#useOwn()
    const nowMs = this.#around.clock.nowMs()
    const sinceMs = this.#wait?.sinceMs ?? nowMs
    this.#announceAfter(Math.min(QUIET_MS, sinceMs + LONGEST_WAIT_MS - nowMs), sinceMs)
  }

  #announceAfter(delayMs: number, sinceMs: number): void {
    this.#wait?.timer.cancel()
    const timer = this.#around.timers.after(delayMs, () => {
      this.#wait = undefined
      this.#announce()
    })
    this.#wait = { timer, sinceMs }
  }

  #announce(): void {
    if (!this.#isSparse()) return this.#withdraw()
    const open = this.#open()
    const links = open
      .map(({ peer }) => peer.id)
      .filter((id) => !this.#silent.isConfirmed(id))
      .map(hintOf)
      .sort()
    const isNews = links.join() !== this.#own?.links.join() || this.#own.sequence < this.#sequence
    const nowMs = this.#around.clock.nowMs()
    if (isNews && !this.#changes.take(1, nowMs)) return this.#announceAfter(1000 / CHANGES_PER_SECOND, nowMs)
    if (isNews) this.#renew(links)
    const message = encodeLinks([this.#own!])
    const known = encodeLinksKnown({ asks: false, known: this.#known() })
    for (const link of open) {
      const isFresh = this.#fresh.has(link.peer.id)
      if (isNews || isFresh) link.send(message)
      if (isFresh && this.#parts.map.size > 0) link.send(known)
    }
    this.#fresh.clear()
  }

  #renew(links: readonly string[]): void {
    const { crypto, clock, network } = this.#around
    this.#sequence = Math.max(this.#sequence + 1, Math.floor(clock.wallMs() / 1000))
    const own = { record: this.#parts.links.self, nodeKey: this.#parts.nodeKey }
    this.#own = newAnnouncement(crypto, network.id, own, { sequence: this.#sequence, links })
  }

  /** With many links this node is no place on a map. Those who have it there are told. */
  #withdraw(): void {
    this.#wait?.timer.cancel()
    this.#wait = undefined
    this.#fresh.clear()
    if (!this.#own) return
    const hadLinks = this.#own.links.length > 0
    this.#parts.map.clear()
    this.#unseen.clear()
    this.#renew([])
    const message = encodeLinks([this.#own])
    this.#own = undefined
    if (hadLinks) for (const link of this.#open()) link.send(message)
  }

  #known(): Map<string, number> {
    const all = [...this.#parts.map.announcements(), ...(this.#own ? [this.#own] : [])]
    return new Map(all.map(({ origin, sequence }) => [hintOf(origin.id), sequence]))
  }

  #onKnown(link: Link, body: Reader): void {
    const { asks, known: theirs } = decodeLinksKnown(body)
    if (!this.#own) return
    // A full map, compared now and then, has left out what is farther off than the rest of it.
    const isFull = asks && theirs.size > MAX_MAPPED
    const isMissing = ({ origin, sequence }: LinkAnnouncement): boolean => {
      const there = theirs.get(hintOf(origin.id)) ?? (isFull ? Infinity : -1)
      return origin.id !== link.peer.id && sequence > there
    }
    const missing = [this.#own, ...this.#parts.map.announcements()].filter(isMissing)
    if (missing.length > 0) link.send(encodeLinks(missing))
    if (asks) link.send(encodeLinksKnown({ asks: false, known: this.#known() }))
  }

  #onLinks(link: Link, body: Reader): void {
    const announcements = decodeLinks(body, this.#around)
    if (!this.#isSparse()) return
    for (const announcement of announcements)
      try {
        this.#take(announcement, link)
      } catch (error) {
        if (!(error instanceof BanyanError)) throw error
        this.#around.drops.count(`links: ${error.code}`)
        this.#refusedMs = this.#around.clock.nowMs()
      }
    this.#tellSeen()
  }

  /** Throws where it is not to be believed. */
  #take(announcement: LinkAnnouncement, from: Link): void {
    const { map } = this.#parts
    const { origin, sequence } = announcement
    const hint = hintOf(origin.id)
    if (origin.id === this.#parts.links.self.id) return this.#overtake(sequence)
    if (sequence <= (map.sequenceOf(hint) ?? -1) || !map.hasRoomFor(announcement)) return
    this.#admit(announcement, from)
    this.#doubtThoseLeft(announcement)
    map.put(announcement)
    this.#newsMs = this.#around.clock.nowMs()
    this.#unseen.set(hint, origin)
    this.#toPassOn.set(hint, from.peer.id)
    this.#gathering ??= this.#around.timers.after(GATHER_MS, () => this.#passOn())
  }

  /** Before and with the costly checks: what is too much, too often or not signed. */
  #admit(announcement: LinkAnnouncement, from: Link): void {
    const { crypto, network, records, clock } = this.#around
    const { origin, sequence } = announcement
    if (Math.abs(sequence - clock.wallMs() / 1000) > MAX_CLOCK_SKEW_S)
      throw new BanyanError('refused', 'links of another day')
    if (!this.#budgets.admits(from.peer.id)) throw new BanyanError('refused', 'too many links over one link')
    verifyAnnouncement(announcement, crypto, network.id)
    if (records) records.verify(origin)
    else verifyPeerRecord(origin, crypto, network)
    if (!this.#origins.admits(origin.id)) throw new BanyanError('refused', 'links that change too often')
  }

  /** This node's own words of before it was started anew, or of a clock that was ahead. */
  #overtake(sequence: number): void {
    if (!this.#own || sequence <= this.#sequence) return
    const seconds = this.#around.clock.wallMs() / 1000
    if (sequence - seconds > MAX_CLOCK_SKEW_S) return
    this.#sequence = sequence
    this.#changed()
  }

  #passOn(): void {
    this.#gathering = undefined
    const news = this.#parts.map.announcements().filter(({ origin }) => this.#toPassOn.has(hintOf(origin.id)))
    for (const link of this.#open()) {
      const isForIt = ({ origin }: LinkAnnouncement): boolean =>
        origin.id !== link.peer.id && this.#toPassOn.get(hintOf(origin.id)) !== link.peer.id
      const forIt = news.filter(isForIt)
      if (forIt.length > 0) link.send(encodeLinks(forIt))
    }
    this.#toPassOn.clear()
  }

  #tellSeen(): void {
    for (const [hint, record] of this.#unseen) {
      if (this.#parts.map.hopsTo(record.id) === Infinity) continue
      this.#unseen.delete(hint)
      this.#parts.onSeen(record)
    }
  }

  #compare(): void {
    const { map } = this.#parts
    const gone = map.announcements().filter(({ origin }) => map.hopsTo(origin.id) === Infinity)
    const hints = gone.map(({ origin }) => hintOf(origin.id))
    for (const hint of hints)
      if (this.#unreachable.has(hint)) {
        map.delete(hint)
        this.#unseen.delete(hint)
      }
    this.#unreachable = hints.length > 0 ? new Set(hints) : NONE
    const open = this.#open()
    const link = open[this.#around.random.below(Math.max(1, open.length))]
    if (link && this.#own && map.size > 0) link.send(encodeLinksKnown({ asks: true, known: this.#known() }))
  }
}
