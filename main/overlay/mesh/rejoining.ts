// When a member subscribes, and through whom: at first through its contacts, before its lease ends through anybody, and again
// when it is cut off (nobody holds it, or it has hardly a neighbour), with growing pauses.
//
//   resting --too few neighbours--> asking --hello from a contact--> resting
//                                    ^  \--no answer: the next contact, later--/
//
// A renewal goes, as often as not, through a remembered member that is no neighbour: where a mesh has fallen in two, and both
// halves remember members of the other, that is what joins them again.

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Link } from '../transport/links.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type KnownMembers } from './known-members.ts'
import { type View } from './view.ts'

/** Chosen: a walk of eight steps and two dials, one of them by rendezvous, take a second or two. */
const ANSWER_MS = 4000
/** ... and three contacts that cannot be dialled take the longest dial each, and as many subscribers' dials back. */
const AWAITED_MS = 30_000
/** Chosen: of members of whom four in five are gone, one is there, as a rule. */
const TRIED_AT_ONCE = 5
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 300_000
/** Neighbours that die together are noticed within a moment; then is the time to look how many are left. */
const SOON_MS = 500

export interface RejoiningParts {
  view: View
  members: KnownMembers
  contacts: readonly PeerRecord[]
  /** With fewer neighbours than this a member is as good as cut off. */
  floor: number
  selfId: NodeId
  reach: (contact: PeerRecord) => Promise<Link | undefined>
  subscribe: (over: Link) => void
}

export class Rejoining {
  readonly #around: Surroundings
  readonly #parts: RejoiningParts
  /** Those given, from the last tried on. */
  readonly #contacts: PeerRecord[]
  #timer: Timer | undefined
  #pauseMs = FIRST_PAUSE_MS
  #isStopped = false
  #askedMs = -Infinity

  constructor(around: Surroundings, parts: RejoiningParts) {
    this.#around = around
    this.#parts = parts
    this.#contacts = parts.contacts.filter(({ id }) => id !== parts.selfId)
  }

  get isAwaitingContact(): boolean {
    return this.#around.clock.nowMs() - this.#askedMs < AWAITED_MS
  }

  start(): void {
    this.look()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** A contact has taken the subscription up. */
  contacted(): void {
    this.#askedMs = -Infinity
  }

  /** Subscribes now, cut off or not. */
  renew(): void {
    void this.#ask(1)
  }

  lookSoon(): void {
    if (this.#isCutOff()) this.#lookIn(SOON_MS)
  }

  look(): void {
    if (!this.#isCutOff()) {
      this.#pauseMs = FIRST_PAUSE_MS
      return
    }
    if (!this.#timer) this.#askAndWait()
  }

  #isCutOff(): boolean {
    const { view, floor } = this.#parts
    return view.size < floor || view.holderCount === 0 || view.heldCount === 0
  }

  #lookIn(ms: number): void {
    if (this.#isStopped) return
    this.#timer ??= this.#around.timers.after(ms, () => {
      this.#timer = undefined
      this.look()
    })
  }

  #askAndWait(): void {
    const waitMs = ANSWER_MS + this.#pauseMs * (0.75 + 0.5 * this.#around.random.unit())
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    this.#lookIn(waitMs)
    void this.#ask(TRIED_AT_ONCE)
  }

  /** Several at once, of whom the first that can be reached is asked: where many are gone, each costs a dial's whole time. */
  async #ask(atOnce: number): Promise<void> {
    const contacts = new Map<NodeId, PeerRecord>()
    for (let i = 0; i < atOnce; i++) {
      const contact = this.#pick()
      if (contact) contacts.set(contact.id, contact)
    }
    let isAsked = false
    const tryOne = async (contact: PeerRecord): Promise<void> => {
      const link = await this.#parts.reach(contact)
      if (!link) this.#parts.members.unreachable(contact.id)
      if (!link || isAsked || this.#isStopped) return
      isAsked = true
      this.#askedMs = this.#around.clock.nowMs()
      this.#parts.subscribe(link)
    }
    await Promise.all([...contacts.values()].map(tryOne))
  }

  /** A neighbour or a stranger, by chance: the neighbours may be as cut off as we are, the strangers gone. */
  #pick(): PeerRecord | undefined {
    const { view } = this.#parts
    const { random } = this.#around
    const neighbours = [...view.all()]
    const neighbour = neighbours[random.below(Math.max(1, neighbours.length))]?.join.member
    if (neighbour && random.unit() < 0.5) return neighbour
    return this.#stranger() ?? neighbour
  }

  #stranger(): PeerRecord | undefined {
    const { view, members, selfId } = this.#parts
    const isOut = (id: NodeId): boolean => view.has(id) || id === selfId
    const remembered = members.pick(this.#around.random, isOut)
    if (remembered) return remembered
    const at = this.#contacts.findIndex(({ id }) => !isOut(id))
    if (at < 0) return undefined
    // The others come first the next time.
    const [contact] = this.#contacts.splice(at, 1)
    this.#contacts.push(contact!)
    return contact
  }
}
