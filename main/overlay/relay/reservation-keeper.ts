// Keeps up to three volunteers that expect calls for this node, while strangers do not reach it.
//
//   too few --linked volunteers, else one route to a random key and a dial--> reserve --granted--> held
//      ^                                                                        |                    |
//      '--pause, doubled from 2 s to 20 min--refused, nobody found--------------'                    |
//      '--too few still, its link ends, or its renewal fails; at once where there is a linked one----'
//
// Volunteers that there is a link to anyway come first: another session to keep alive would cost more packets than all the rest
// of this. Among them the weights are what they say of their load and the round trip measured, drawn by chance, so that
// the nearest is not everybody's. A reservation is renewed at three quarters of its time.

import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Timer } from '../ports/clock.ts'
import { type Reservation } from '../ports/relays.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Offer } from '../wire/relay-messages.ts'
import { type Volunteer, type Volunteers, recordOf } from './volunteers.ts'

export interface KeeperParts {
  readonly links: Links
  readonly volunteers: Volunteers
  readonly reserve: (relay: NodeId) => Promise<Reservation>
  /** Whether this node needs others to be reached. */
  readonly isNeeded: () => boolean
  readonly onChange: () => void
}

/** Chosen: one may die and another be full, and the third still answers. */
export const WANTED = 3
/** Somebody may call as soon as this node has joined; all neighbours of a new volunteer hear of it at the same time. */
const AT_ONCE_MS = 100
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 20 * 60_000
/** Chosen: whoever has refused is left alone for so long. */
const REFUSED_MS = 10 * 60_000
/** Chosen: neighbours that switch their help on and off make this node look around so often at most. */
const SEARCHES = { burst: 12, perSecond: 1 / 20 }
const RENEW_AT = 3 / 4
/** Chosen: below it a round trip makes no difference to a person. */
const UNNOTICED_MS = 30

interface Held {
  readonly untilMs: number
  readonly renewal: Timer
}

export class ReservationKeeper {
  readonly #around: Surroundings
  readonly #parts: KeeperParts
  readonly #held = new Map<NodeId, Held>()
  readonly #refusedUntilMs = new Map<NodeId, number>()
  readonly #searches: TokenBucket
  #pauseMs = FIRST_PAUSE_MS
  #timer: Timer | undefined
  #isSearching = false

  constructor(around: Surroundings, parts: KeeperParts) {
    this.#around = around
    this.#parts = parts
    this.#searches = new TokenBucket(SEARCHES.burst, SEARCHES.perSecond, around.clock.nowMs())
  }

  /** The volunteers, as others can find them. */
  get records(): PeerRecord[] {
    const nowMs = this.#around.clock.nowMs()
    return [...this.#held].flatMap(([id, { untilMs }]) => {
      const link = this.#parts.links.get(id)
      return link?.isOpen && untilMs > nowMs ? [recordOf(link)] : []
    })
  }

  has(id: NodeId): boolean {
    return this.#held.has(id)
  }

  /** A volunteer has turned up, or this node needs some from now on, or none any more. */
  changed(): void {
    if (!this.#parts.isNeeded()) return this.#release()
    if (this.#held.size >= WANTED) return
    this.#pauseMs = FIRST_PAUSE_MS
    this.#soon(this.#linked.length > 0 ? AT_ONCE_MS : FIRST_PAUSE_MS)
  }

  linkDown(id: NodeId): void {
    if (this.#lose(id)) this.changed()
  }

  #release(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const id of [...this.#held.keys()]) this.#lose(id)
  }

  #lose(id: NodeId): boolean {
    const held = this.#held.get(id)
    held?.renewal.cancel()
    if (!this.#held.delete(id)) return false
    this.#parts.onChange()
    return true
  }

  #soon(usualMs: number): void {
    this.#timer?.cancel()
    const delayMs = usualMs * (0.5 + this.#around.random.unit())
    this.#timer = this.#around.timers.after(delayMs, () => {
      this.#timer = undefined
      void this.#search()
    })
  }

  async #search(): Promise<void> {
    if (this.#isSearching || !this.#parts.isNeeded()) return
    this.#isSearching = true
    const mayAsk = this.#searches.take(1, this.#around.clock.nowMs())
    const isRicher = mayAsk && ((await this.#takeLinked()) || (await this.#takeFound()))
    this.#isSearching = false
    if (this.#held.size >= WANTED || !this.#parts.isNeeded()) return
    const pauseMs = isRicher && this.#linked.length > 0 ? AT_ONCE_MS : this.#pauseMs
    this.#pauseMs = isRicher ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    if (!this.#timer) this.#soon(pauseMs)
  }

  get #linked(): Volunteers['linked'] {
    return this.#parts.volunteers.linked.filter(({ link }) => this.#isWanted(link.peer.id))
  }

  async #takeLinked(): Promise<boolean> {
    const chosen = this.#draw(this.#linked)
    return chosen !== undefined && this.#take(chosen.link.peer.id)
  }

  async #takeFound(): Promise<boolean> {
    const found = await this.#parts.volunteers.find()
    for (const { record } of found.filter((each) => this.#isWanted(each.record.id)))
      if ((await this.#isLinked(record)) && (await this.#take(record.id))) return true
    return false
  }

  async #isLinked(record: Volunteer['record']): Promise<boolean> {
    try {
      await this.#parts.links.dial(record)
      return true
    } catch (error) {
      this.#around.drops.count(`volunteer dial: ${codeOf(error)}`)
      this.#refused(record.id)
      return false
    }
  }

  async #take(id: NodeId): Promise<boolean> {
    try {
      const { untilMs } = await this.#parts.reserve(id)
      this.#held.get(id)?.renewal.cancel()
      const forMs = untilMs - this.#around.clock.nowMs()
      const renewal = this.#around.timers.after(RENEW_AT * forMs, () => void this.#renew(id))
      this.#held.set(id, { untilMs, renewal })
      this.#parts.onChange()
      return true
    } catch (error) {
      this.#around.drops.count(`reservation: ${codeOf(error)}`)
      this.#refused(id)
      return false
    }
  }

  async #renew(id: NodeId): Promise<void> {
    if (!this.#parts.isNeeded() || (await this.#take(id)) || !this.#lose(id)) return
    this.changed()
  }

  #isWanted(id: NodeId): boolean {
    return !this.#held.has(id) && (this.#refusedUntilMs.get(id) ?? 0) <= this.#around.clock.nowMs()
  }

  #refused(id: NodeId): void {
    const nowMs = this.#around.clock.nowMs()
    for (const [other, untilMs] of this.#refusedUntilMs)
      if (untilMs <= nowMs) this.#refusedUntilMs.delete(other)
    this.#refusedUntilMs.set(id, nowMs + REFUSED_MS)
  }

  #draw(candidates: { link: Link; offer: Offer }[]): { link: Link; offer: Offer } | undefined {
    const weights = candidates.map(({ link, offer }) => weightOf(link.rttMs, offer.load))
    let rest = this.#around.random.unit() * weights.reduce((sum, weight) => sum + weight, 0)
    return candidates.find((_, i) => (rest -= weights[i]!) < 0) ?? candidates.at(-1)
  }
}

/** Nearer and freer is likelier; a full one is the last. */
export function weightOf(rttMs: number, load: number): number {
  return (1.01 - load) / (UNNOTICED_MS + rttMs)
}
