// Brings records home whose root this node's leaf set does not reach: it kept them when the ring around it was small or
// young, or before two rings became one. Nobody it knows is responsible then, and handing the record to whoever is nearest
// would walk it round the ring, neighbour by neighbour, with copies all the way. It is put at its root like a new one
// instead, once, a few a second; what did not arrive is put again.

import { type Id } from '../base/id.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type TimerGroup } from '../base/timer-group.ts'

/** Below what a root takes from one source (5 a second). */
const PAUSE_MS = 250
const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 60_000
/** About a megabyte of keys; the next full pass finds those that did not fit. */
const MAX_WAITING = 8192

export class Rehoming {
  readonly #timers: TimerGroup
  readonly #put: (key: Id, rootIndex: number) => Promise<boolean>
  /** Root index and key in one string. */
  readonly #waiting = new LeanSet<string>()
  #isBusy = false
  #retryMs = FIRST_RETRY_MS

  /** `put` says whether the record is at its root now, or need not be. */
  constructor(timers: TimerGroup, put: (key: Id, rootIndex: number) => Promise<boolean>) {
    this.#timers = timers
    this.#put = put
  }

  add(key: Id, rootIndex: number): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.add(rootIndex + key)
    if (!this.#isBusy) this.#nextAfter(PAUSE_MS)
  }

  #nextAfter(delayMs: number): void {
    this.#isBusy = this.#waiting.size > 0
    if (this.#isBusy) this.#timers.after(delayMs, () => void this.#putNext())
  }

  async #putNext(): Promise<void> {
    const place = this.#waiting.keys().next().value!
    this.#waiting.delete(place)
    if (await this.#put(place.slice(1) as Id, Number(place[0]))) {
      this.#retryMs = FIRST_RETRY_MS
      return this.#nextAfter(PAUSE_MS)
    }
    this.#waiting.add(place)
    this.#nextAfter(this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
  }
}
