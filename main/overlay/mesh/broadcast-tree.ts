// Plumtree (Leitão, Pereira, Rodrigues 2007): one spanning tree for all senders, cut out of the mesh by what the messages
// themselves show. A message is pushed to the eager neighbours; who gets it twice prunes the second way (both ends make the
// link lazy); lazy neighbours are told the ids of what has come, and whoever misses one grafts the link it was announced over
// back into the tree.
//
//   new link: eager  --duplicate: prune-->  lazy
//                    <--announced and not come, or come over many hops more: graft--
//
// Three things differ from the paper, each measured in docs/decisions.md (67, 83). A link that has just brought something is cut
// by few messages, on which all members agree (agreed-cuts.ts). A message is announced to a few lazy neighbours, others each
// time, instead of all: in a SCAMP view the announcements would be twenty times the messages. And a member that loses a
// neighbour of the tree raises an alarm for a while: it tells all neighbours what it has, asks them the same, and announces to
// all of them, for where one neighbour died many may have.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { RecentMap } from '../base/recent-map.ts'
import { drawn } from '../base/shuffled.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import {
  type Announced,
  ASKS,
  type Asks,
  decodeMeshAnnounce,
  decodeMeshGraft,
  decodeMeshPayload,
  decodeMeshPrune,
  encodeMeshAnnounce,
  encodeMeshGraft,
  encodeMeshPayload,
  encodeMeshPrune,
  MAX_ANNOUNCED,
  type MeshBroadcast,
  type MessageId,
  messageIdOf,
  signBroadcast,
  verifyBroadcast,
  withHops,
} from '../wire/mesh-messages.ts'
import { nodeIdOf } from '../wire/peer-record.ts'
import { AgreedCuts } from './agreed-cuts.ts'
import { Announcements } from './announcements.ts'
import { Arrivals } from './arrivals.ts'
import { KeptPayloads } from './kept-payloads.ts'
import { type MeshLimits } from './mesh-limits.ts'
import { type MeshOptions } from './mesh-options.ts'
import { MissingMessages } from './missing-messages.ts'
import { SilenceWatch } from './silence-watch.ts'
import { type Neighbour, type View } from './view.ts'

/** Ids that have come are remembered for so long at least, unless there are too many. */
const SEEN_MS = 600_000
const MAX_SEEN = 32_768
/** An author's numbers grow by its clock: one so much older than its latest is a message of old, sent again by somebody. */
const OLDEST_BEHIND_MS = SEEN_MS
const MAX_AUTHORS = 4096
/** Chosen: few enough that a lull costs little, and as many as a member has that seldom hears announcements. */
const ASKED_IN_SILENCE = 8
const KNOWN_IN_SILENCE = 8
/** The field has one byte. */
const MAX_HOPS = 255

export interface BroadcastParts {
  mesh: Id
  links: Links
  view: View
  nodeKey: KeyPair
  limits: MeshLimits
  options: MeshOptions
  admits: (member: NodeId) => boolean
  deliver: (author: NodeId, payload: Bytes, number: number) => void
  /** It sent what nobody may send. */
  expel: (neighbour: NodeId) => void
}

export class BroadcastTree {
  readonly #around: Surroundings
  readonly #parts: BroadcastParts
  /** By id the hops it came over. */
  readonly #seen: RecentMap<MessageId, number>
  readonly #latest = new BoundedMap<NodeId, number>(MAX_AUTHORS)
  readonly #kept: KeptPayloads
  readonly #missing: MissingMessages
  readonly #announcements: Announcements
  readonly #arrivals: Arrivals
  readonly #cuts: AgreedCuts
  readonly #silence: SilenceWatch
  readonly counts = { received: 0, repeated: 0 }
  #lastNumber = 0
  #isAlarmDue = false

  constructor(around: Surroundings, parts: BroadcastParts) {
    const { options, view, mesh } = parts
    this.#around = around
    this.#parts = parts
    this.#seen = new RecentMap(around.clock, { lifeMs: SEEN_MS, limit: MAX_SEEN })
    this.#kept = new KeptPayloads(around.clock, options)
    this.#arrivals = new Arrivals(around.clock)
    this.#cuts = new AgreedCuts(around.clock, this.#arrivals, options.cutsApartMs)
    this.#silence = new SilenceWatch(around, this.#arrivals, () => this.#askSome())
    this.#missing = new MissingMessages(around, {
      options,
      onDue: (from, ids) => this.#graft(from, ids),
      onUnanswered: (from) => this.#unanswered(from),
    })
    this.#announcements = new Announcements(around, {
      view,
      options,
      send: (to, announced) => this.#send(to, encodeMeshAnnounce(mesh, ASKS.nothing, announced)),
    })
  }

  /** Messages and their bytes kept to answer grafts, and those that are awaited: for tests of what bounds them. */
  get holdings(): { kept: number; bytes: number; missing: number; seen: number } {
    return {
      kept: this.#kept.size,
      bytes: this.#kept.bytes,
      missing: this.#missing.size,
      seen: this.#seen.size,
    }
  }

  publish(payload: Bytes): void {
    const { mesh, nodeKey } = this.#parts
    const { crypto, clock } = this.#around
    this.#lastNumber = Math.max(this.#lastNumber + 1, clock.wallMs())
    const broadcast = signBroadcast(crypto, nodeKey, mesh, this.#lastNumber, payload)
    const id = messageIdOf(crypto, mesh, broadcast)
    this.#spread(id, 0, encodeMeshPayload(mesh, 1, broadcast), undefined)
  }

  // --- what the membership reports ---

  up(neighbour: Neighbour): void {
    neighbour.isEager = true
    if (this.#parts.view.size === 1) this.#exchange([neighbour])
  }

  /** `wasEager`: it was pushed to. */
  down(peer: NodeId, wasEager: boolean): void {
    this.#missing.neighbourGone(peer)
    this.#announcements.disturbed()
    if (wasEager) this.#alarm()
  }

  /** What was on its way over the old link may be lost. */
  linkReplaced(peer: NodeId): void {
    const neighbour = this.#parts.view.get(peer)
    if (neighbour) this.#exchange([neighbour])
  }

  stop(): void {
    this.#missing.stop()
    this.#announcements.stop()
    this.#silence.stop()
  }

  // --- messages of neighbours ---

  onPayload(from: Neighbour, reader: Reader): void {
    const message = reader.whole
    if (!this.#parts.limits.admitsOver(from.id, message.length))
      return this.#drop('over the rate limit of its link')
    const { hops, broadcast } = decodeMeshPayload(reader)
    this.counts.received++
    const id = messageIdOf(this.#around.crypto, this.#parts.mesh, broadcast)
    if (this.#seen.get(id) !== undefined) return this.#onDuplicate(id, from)
    const author = this.#admitted(broadcast, message.length, from)
    if (author === undefined) return
    const announcer = this.#missing.arrived(id)
    from.isEager = true
    from.broughtMs = this.#around.clock.nowMs()
    this.#spread(id, hops, message, from.id)
    if (announcer) this.#optimise(from, hops, announcer)
    this.#parts.deliver(author, broadcast.payload, broadcast.number)
  }

  onAnnounce(from: Neighbour, reader: Reader): void {
    const { asks, announced } = decodeMeshAnnounce(reader)
    if (!this.#parts.limits.admitsAnnounced(from.id, announced.length + 1))
      return this.#around.drops.count('mesh announcement: over the rate limit of its link')
    for (const each of announced)
      if (this.#seen.get(each.id) === undefined) this.#missing.announced(from.id, each)
      else this.#announcements.hasIt(each.id, from.id)
    if (asks === ASKS.nothing) return
    const known = new Set(announced.map(({ id }) => id))
    if (asks === ASKS.all) this.#answer(from.id, known)
    else this.#tell(from.id, this.#keptSince(known))
  }

  /** A link that is needed in this direction is grafted again, unless its time has come. */
  onPrune(from: Neighbour, reader: Reader): void {
    const isFirm = decodeMeshPrune(reader)
    this.#announcements.disturbed()
    from.isEager = false
    if (!isFirm && this.#isNeeded(from)) this.#graft(from.id, [])
  }

  /**
   * Whoever grafts was cut off, perhaps for longer than the messages it asks for: of any other it has heard nothing, if by chance
   * nobody has announced it to it, and it would never. So it is told of all.
   */
  onGraft(from: Neighbour, reader: Reader): void {
    const wasEager = from.isEager
    const asked = decodeMeshGraft(reader)
    this.#announcements.disturbed()
    from.isEager = true
    if (!wasEager) this.#answer(from.id, new Set(asked))
    for (const id of asked) {
      const kept = this.#kept.get(id)
      if (!kept) this.#around.drops.count('mesh graft: no longer kept')
      else if (!this.#parts.limits.admitsGraft(from.id, kept.message.length))
        return this.#around.drops.count('mesh graft: over the rate limit of its link')
      else this.#send(from.id, withHops(kept.message, nextHop(kept.hops)))
    }
  }

  // --- the tree ---

  #hasEager(): boolean {
    for (const { isEager } of this.#parts.view.all()) if (isEager) return true
    return false
  }

  #spread(id: MessageId, hops: number, message: Bytes, from: NodeId | undefined): void {
    this.#seen.set(id, hops)
    this.#arrivals.add()
    if (from !== undefined) this.#silence.heard()
    this.#kept.add(id, hops, message)
    let outgoing: Bytes | undefined
    for (const neighbour of this.#parts.view.all())
      if (neighbour.isEager && neighbour.id !== from)
        this.#send(neighbour.id, (outgoing ??= withHops(message, nextHop(hops))))
    this.#announcements.add(id, hops, from)
  }

  #onDuplicate(id: MessageId, from: Neighbour): void {
    this.counts.repeated++
    this.#announcements.disturbed()
    this.#announcements.hasIt(id, from.id)
    this.#prune(from, this.#cuts.isCutting(id))
  }

  /** What has just brought something is cut by few messages only: each of them leaves the tree of its own ways. */
  #prune(neighbour: Neighbour, isFirm: boolean): void {
    if (!isFirm && this.#isNeeded(neighbour)) return
    neighbour.isEager = false
    this.#send(neighbour.id, encodeMeshPrune(this.#parts.mesh, isFirm))
  }

  #isNeeded({ broughtMs }: Neighbour): boolean {
    return this.#around.clock.nowMs() - broughtMs < this.#parts.options.neededMs
  }

  #graft(peer: NodeId, ids: MessageId[]): void {
    const neighbour = this.#parts.view.get(peer)
    if (!neighbour) return
    this.#announcements.disturbed()
    neighbour.isEager = true
    for (let i = 0; i === 0 || i < ids.length; i += MAX_ANNOUNCED)
      this.#send(peer, encodeMeshGraft(this.#parts.mesh, ids.slice(i, i + MAX_ANNOUNCED)))
  }

  #unanswered(peer: NodeId): void {
    this.#around.drops.count('mesh graft: unanswered')
    const neighbour = this.#parts.view.get(peer)
    if (neighbour) neighbour.isEager = false
  }

  /** The announcer is so much nearer to the author that its link is the better way. */
  #optimise(from: Neighbour, hops: number, announcer: { from: NodeId; hops: number }): void {
    if (announcer.from === from.id || hops - nextHop(announcer.hops) < this.#parts.options.optimiseHops)
      return
    this.#graft(announcer.from, [])
  }

  // --- trouble ---

  /** Of many that die at once most are noticed within a moment, and one round of questions does for all. */
  #alarm(): void {
    const { alarmMs, announceDelayMs } = this.#parts.options
    this.#announcements.alarmUntil(this.#around.clock.nowMs() + alarmMs)
    if (this.#isAlarmDue) return
    this.#isAlarmDue = true
    this.#around.timers.after(announceDelayMs, () => {
      this.#isAlarmDue = false
      const neighbours = [...this.#parts.view.all()]
      if (neighbours.length > 0 && !this.#hasEager())
        this.#graft(neighbours[this.#around.random.below(neighbours.length)]!.id, [])
      this.#exchange(neighbours)
    })
  }

  /** Those in the tree, so that it is noticed where they are gone, and some that may hear by other ways: with few neighbours, all. */
  #askSome(): void {
    const neighbours = [...this.#parts.view.all()]
    const eager = neighbours.filter(({ isEager }) => isEager)
    const lazy = neighbours.filter(({ isEager }) => !isEager)
    this.#ask([...eager, ...drawn(lazy, ASKED_IN_SILENCE, this.#around.random)], ASKS.since, KNOWN_IN_SILENCE)
  }

  /** Tells them what is here and asks for what is there. */
  #exchange(neighbours: readonly Neighbour[]): void {
    this.#ask(neighbours, ASKS.all, MAX_ANNOUNCED)
  }

  #ask(neighbours: readonly Neighbour[], asks: Asks, count: number): void {
    const question = encodeMeshAnnounce(this.#parts.mesh, asks, this.#kept.latest(count))
    for (const { id } of neighbours) this.#send(id, question)
  }

  #answer(to: NodeId, known: ReadonlySet<MessageId>): void {
    this.#tell(
      to,
      this.#kept.latest(MAX_ANNOUNCED).filter(({ id }) => !known.has(id)),
    )
  }

  /** After the last that is known. */
  #keptSince(known: ReadonlySet<MessageId>): Announced[] {
    const latest = this.#kept.latest(MAX_ANNOUNCED)
    return latest.slice(latest.findLastIndex(({ id }) => known.has(id)) + 1)
  }

  /** A question is short and its answer long, so both count as what its asker announces. */
  #tell(to: NodeId, news: readonly Announced[]): void {
    if (news.length === 0) return
    if (!this.#parts.limits.admitsAnnounced(to, news.length))
      return this.#around.drops.count('mesh question: over the rate limit of its link')
    this.#send(to, encodeMeshAnnounce(this.#parts.mesh, ASKS.nothing, news))
  }

  // --- what is not believed ---

  /** The author, where the broadcast may go on. An honest neighbour may pass on one that it admits, and we do not yet or any more. */
  #admitted(broadcast: MeshBroadcast, bytes: number, from: Neighbour): NodeId | undefined {
    const { crypto, network } = this.#around
    if (!this.#parts.admits(nodeIdOf(crypto, broadcast.author)))
      return this.#drop('of an author not admitted by the application')
    try {
      const author = verifyBroadcast(crypto, network, this.#parts.mesh, broadcast)
      const latest = this.#latest.get(author) ?? 0
      if (broadcast.number < latest - OLDEST_BEHIND_MS) return this.#drop('a message of old')
      if (!this.#parts.limits.admitsOf(author, bytes)) return this.#drop('over the rate limit of its author')
      this.#latest.set(author, Math.max(latest, broadcast.number))
      return author
    } catch (error) {
      this.#drop(codeOf(error))
      // Every honest neighbour checks before it passes anything on.
      if (error instanceof BanyanError) this.#parts.expel(from.id)
      return undefined
    }
  }

  #drop(reason: string): undefined {
    this.#around.drops.count(`mesh broadcast: ${reason}`)
    return undefined
  }

  #send(to: NodeId, message: Bytes): void {
    this.#parts.links.get(to)?.send(message)
  }
}

function nextHop(hops: number): number {
  return Math.min(hops + 1, MAX_HOPS)
}
