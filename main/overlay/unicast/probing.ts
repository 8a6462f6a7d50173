// Sends this node's UNICAST_JOIN probes and takes in those of others.
//
//   each period    a few copies of one probe to the own id, each over another random first link (one by a ring
//                  neighbour) and with another route offset
//   on the way     checked (signature, hop count, rate), recorded with the link it came from, one hop added
//   at its end     recorded too; the answer names neighbours that the origin does not seem to know
//
// So one message does three jobs: it lays the way back to its origin, it is the own-id look-up that keeps the ring one, and
// its answer proves the way. The period is short while the neighbourhood changes and long when nothing does.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { Pace } from '../base/pace.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { RecentMap } from '../base/recent-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { SPARSE_LINKS } from '../ports/paths.ts'
import { type Forwarding, type Neighbourhood, type RouteReply, type Routes } from '../ports/routes.ts'
import { type Links } from '../transport/links.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import { MAX_HOPS, type RoutedMessage } from '../wire/routed-message.ts'
import { decodeNamed, encodeNamed } from '../wire/ring-questions.ts'
import {
  CHAIN_BYTES,
  decodeProbe,
  encodeProbe,
  isNewsTo,
  newProbe,
  oneHopFarther,
  type UnicastProbe,
  verifyProbe,
} from '../wire/unicast-probe.ts'
import { type NextHopRecords } from './next-hop-records.ts'

export interface ProbingOptions {
  /** Per round. */
  copies: number
  /** Each copy over a link drawn anew; else always over the same. */
  isFirstLinkRandom: boolean
}

export interface ProbingParts {
  links: Links
  routes: Routes
  ring: Neighbourhood
  records: NextHopRecords
  nodeKey: KeyPair
  options: ProbingOptions
  /** The map of the links around here shows a way to it. */
  isMapped: (id: NodeId) => boolean
  /** A node proved that it is there, over a way that leads back to it. */
  onSeen: (peer: PeerRecord) => void
  /** Nodes that the end of a probe named. */
  onNamed: (peers: readonly PeerRecord[]) => void
}

/** The newest round of an origin, and when its first copy was here. */
interface Gate {
  sequence: number
  acceptedMs: number
}

/** Of the copies the one that leaves by a ring neighbour: the first looks at the ring from afar, which shows where it is split. */
const BESIDE = 1
const LEAST_PERIOD_MS = 20_000
export const MOST_PERIOD_MS = 75_000
const LIFE_PERIODS = 2.2
/** Where links are so few that records are the only ways, the more lie beside each other the better. */
const SPARSE_LIFE_PERIODS = 3.5
/** Where nobody needs a record to get here, only the look at the ring is left to do. */
const PLAIN_SIGHT_FACTOR = 2
/** A join and its first links are over. */
const FIRST_PROBE_MS = 2000
const ANSWER_TIMEOUT_MS = 6000
/** Nobody probes more often, but for a restart. */
const MIN_INTERVAL_MS = 8000
const MAX_COPIES = 8
const MAX_GATES = 2048
/** Longer than a record lives and than any period: an older round does not pass while a newer one is in use. */
const GATE_LIFE_MS = 300_000
/** From one link, new rounds and copies of anybody: a hub passes on some ten a second. */
const LINK_BURST = 400
const LINK_PER_SECOND = 50
/** Clocks of desktop computers are off by hours where a time zone is set wrong. */
const MAX_CLOCK_SKEW_S = 86_400
/** A probe may come so much farther than the last ones did. */
const HOPS_SLACK = 2
const LEAST_HOPS = 8
/** Of the first probe; ways over the Internet take ten at most. */
const FIRST_HOPS = 24
/** What an answer names at most. */
const MAX_NAMED = 8

export class Probing {
  readonly #around: Surroundings
  readonly #parts: ProbingParts
  readonly #pace = new Pace(LEAST_PERIOD_MS, MOST_PERIOD_MS)
  readonly #gates: RecentMap<NodeId, Gate>
  readonly #budgets: PeerBudgets
  #sequence = 0
  #mostHops = FIRST_HOPS
  /** For each copy the link it leaves by; undefined where one is to be drawn. */
  #first: (NodeId | undefined)[] = []
  #rounds = 0
  #above: NodeId | undefined
  #below: NodeId | undefined

  constructor(around: Surroundings, parts: ProbingParts) {
    this.#around = around
    this.#parts = parts
    this.#gates = new RecentMap(around.clock, { lifeMs: GATE_LIFE_MS, limit: MAX_GATES })
    this.#budgets = new PeerBudgets(around.clock, LINK_BURST, LINK_PER_SECOND)
    parts.ring.onChange(() => this.#ringChanged())
    parts.routes.register(APPLICATION.probe, {
      forward: (message, previous) => this.#pass(message, previous),
      deliver: (message, previous) => this.#end(message, previous),
    })
  }

  start(): void {
    const { timers, random } = this.#around
    timers.after(FIRST_PROBE_MS * (0.5 + random.unit()), () => {
      void this.#round()
      timers.every(
        () => this.#nextPeriodMs() * (0.8 + 0.4 * random.unit()),
        () => void this.#round(),
      )
    })
  }

  /** Ways to this node end with its next neighbours; what changes farther off changes few of them. */
  #ringChanged(): void {
    const { above, below } = this.#parts.ring.nearest()
    if (above !== this.#above || below !== this.#below) this.#pace.changed()
    this.#above = above
    this.#below = below
  }

  #nextPeriodMs(): number {
    return this.#pace.next() * (this.#isInPlainSight() ? PLAIN_SIGHT_FACTOR : 1)
  }

  /** Of what a probe of now lays: the next round may be lost, and the one after it be late; two of a node with few links. */
  #lifeSeconds(links: number): number {
    const longestMs = this.#pace.longestNextMs * (this.#isInPlainSight() ? PLAIN_SIGHT_FACTOR : 1)
    const periods = links < SPARSE_LINKS ? SPARSE_LIFE_PERIODS : LIFE_PERIODS
    return Math.ceil((periods * longestMs) / 1000)
  }

  async #round(): Promise<void> {
    this.#parts.records.sweep()
    const seconds = Math.floor(this.#around.clock.wallMs() / 1000)
    this.#sequence = Math.max(this.#sequence + 1, seconds)
    const open = this.#openLinks()
    const firstLinks = this.#firstLinks(open)
    const lifeSeconds = this.#lifeSeconds(open.length)
    if (firstLinks.length === 0)
      return void this.#around.timers.after(FIRST_PROBE_MS, () => void this.#round())
    const ends = await Promise.all(firstLinks.map((via, copy) => this.#send(copy, via, lifeSeconds)))
    if (this.#hasGapBeside(ends)) this.#pace.changed()
    for (const [copy, end] of ends.entries()) if (!end) this.#first[copy] = undefined
    const hops = ends.map((end) => end?.hops ?? -1)
    const farthest = Math.max(...hops)
    const expected = hops.includes(-1) ? this.#mostHops : farthest
    this.#mostHops = Math.min(Math.max(HOPS_SLACK * expected, LEAST_HOPS), MAX_HOPS)
  }

  /** A next neighbour without a link did not get a probe, so it may have no way here: there ways would break. */
  #hasGapBeside(ends: readonly (RouteReply | undefined)[]): boolean {
    const { links, ring, isMapped } = this.#parts
    const { above, below } = ring.nearest()
    const isReached = (id: NodeId | undefined): boolean =>
      id === undefined ||
      links.get(id)?.isOpen === true ||
      isMapped(id) ||
      ends.some((end) => end?.responder === id)
    return !isReached(above) || !isReached(below)
  }

  /**
   * Each round one copy leaves by another link than before, and those that were not answered: new ways are found, while
   * the others are laid again where they lie, and nodes keep few that are of little use. Of a node with few links all do.
   * Messages that get no nearer end beside this node on the ring. From there a way through a common neighbour is the shortest,
   * and a probe that goes over a few nodes leaves few records: so one copy leaves by a ring neighbour.
   */
  #firstLinks(open: readonly NodeId[]): NodeId[] {
    const { options, ring } = this.#parts
    const { copies, isFirstLinkRandom } = options
    if (open.length === 0) return []
    const count = this.#isInPlainSight() ? 1 : copies
    const isSparse = open.length < SPARSE_LINKS
    if (isFirstLinkRandom && isSparse) this.#first = []
    else if (isFirstLinkRandom) this.#first[this.#rounds++ % count] = undefined
    const kept = this.#first.slice(0, count).map((id) => (id && open.includes(id) ? id : undefined))
    const unused = open.filter((id) => !kept.includes(id))
    const members = ring.members()
    this.#first = Array.from({ length: count }, (_, copy) => {
      if (kept[copy]) return kept[copy]
      if (unused.length === 0) unused.push(...open)
      const beside = copy === BESIDE && !isSparse ? unused.filter((id) => members.includes(id)) : []
      const from = beside.length > 0 ? beside : unused
      const drawn = from[this.#around.random.below(from.length)]!
      unused.splice(unused.indexOf(drawn), 1)
      return drawn
    })
    return this.#first as NodeId[]
  }

  #openLinks(): NodeId[] {
    return [...this.#parts.links.all()].filter(({ isOpen }) => isOpen).map(({ peer }) => peer.id)
  }

  /** Whoever gets near this node on the ring has a link to it, or it on its map: one probe then is enough, to look whether that is so. */
  #isInPlainSight(): boolean {
    const { links, ring, isMapped } = this.#parts
    return ring.members().every((id) => links.get(id)?.isOpen ?? isMapped(id))
  }

  /** Where it ended; undefined where no answer came. */
  async #send(copy: number, via: NodeId, lifeSeconds: number): Promise<RouteReply | undefined> {
    const { crypto, network, random, drops } = this.#around
    const { links, routes, ring, nodeKey } = this.#parts
    const { above, below } = ring.nearest()
    const secret = random.bytes(CHAIN_BYTES)
    const probe = newProbe(
      crypto,
      network.id,
      { record: links.self, nodeKey, secret },
      {
        sequence: this.#sequence,
        copy,
        mostHops: this.#mostHops,
        lifeSeconds,
        nearest: { above, below },
      },
    )
    const options = { timeoutMs: ANSWER_TIMEOUT_MS, via, offset: offsetOf(copy), isOnce: true }
    try {
      const answer = await routes.request(links.self.id, APPLICATION.probe, encodeProbe(probe), options)
      this.#parts.onNamed(decodeNamed(answer.payload, this.#around))
      return answer
    } catch (error) {
      drops.count(`probe: ${codeOf(error)}`)
      return undefined
    }
  }

  #pass(message: RoutedMessage, previous: NodeId): Forwarding {
    const probe = this.#take(message, previous)
    return { kind: 'pass', payload: encodeProbe(oneHopFarther(probe, this.#around.crypto)) }
  }

  #end(message: RoutedMessage, previous: NodeId | undefined): Bytes {
    if (previous === undefined) throw new BanyanError('unreachable', 'a probe that nobody took')
    const probe = this.#take(message, previous)
    const news = this.#parts.ring.neighboursOf(probe.origin.id).filter((record) => isNewsTo(probe, record.id))
    return encodeNamed(news.slice(0, MAX_NAMED))
  }

  /** Throws where it is not to be believed. */
  #take(message: RoutedMessage, previous: NodeId): UnicastProbe {
    const { crypto, network, records } = this.#around
    const probe = decodeProbe(message.payload, this.#around)
    const { id } = probe.origin
    if (message.key !== id || message.source !== id)
      throw new BanyanError('malformed', 'a probe for another than its origin')
    this.#admit(probe, previous)
    verifyProbe(probe, message.hops, crypto, network.id)
    // An id that cost nothing gets no record: else one computer could fill every node's store.
    if (records) records.verify(probe.origin)
    else verifyPeerRecord(probe.origin, crypto, network)
    if (this.#gates.get(id)?.sequence !== probe.sequence)
      this.#gates.set(id, { sequence: probe.sequence, acceptedMs: Math.floor(this.#around.clock.nowMs()) })
    // Sent on anew because a hop fell silent, it may find the link that it came over gone.
    if (previous !== id && this.#parts.links.get(previous)?.isOpen)
      this.#parts.records.add(
        id,
        { link: previous, sequence: probe.sequence, hops: message.hops },
        1000 * probe.lifeSeconds,
      )
    this.#parts.onSeen(probe.origin)
    return probe
  }

  /** Before the costly checks: what is too old, too often or too much. */
  #admit({ origin, sequence, copy }: UnicastProbe, previous: NodeId): void {
    const { clock } = this.#around
    if (copy >= MAX_COPIES) throw new BanyanError('malformed', 'more copies than a round has')
    if (Math.abs(sequence - clock.wallMs() / 1000) > MAX_CLOCK_SKEW_S)
      throw new BanyanError('refused', 'a probe from another day')
    if (!this.#budgets.admits(previous)) throw new BanyanError('refused', 'too many probes over one link')
    const gate = this.#gates.get(origin.id)
    if (!gate || sequence === gate.sequence) return
    if (sequence < gate.sequence) throw new BanyanError('refused', 'an older probe')
    if (clock.nowMs() - gate.acceptedMs < MIN_INTERVAL_MS)
      throw new BanyanError('refused', 'a probe too soon')
  }
}

/** 0, +1, -1, +2, -2 ... */
function offsetOf(copy: number): number {
  const n = Math.ceil(copy / 2)
  return copy % 2 === 1 ? n : -n
}
