import { type Clock } from '../ports/clock.ts'

/**
 * Keeps what was set for at least `lifeMs` and at most twice that, without a timer or a date per entry: two maps, of which
 * the older is forgotten whole. At the limit the older goes early. A map with nothing in it is not there.
 */
export class RecentMap<K, V> {
  readonly #clock: Clock
  readonly #lifeMs: number
  readonly #limit: number
  readonly #onForgotten: ((value: V) => void) | undefined
  #young: Map<K, V> | undefined = undefined
  #old: Map<K, V> | undefined = undefined
  #turnedMs: number

  constructor(clock: Clock, options: { lifeMs: number; limit: number; onForgotten?: (value: V) => void }) {
    this.#clock = clock
    this.#lifeMs = options.lifeMs
    this.#limit = options.limit
    this.#onForgotten = options.onForgotten
    this.#turnedMs = clock.nowMs()
  }

  get size(): number {
    return (this.#young?.size ?? 0) + (this.#old?.size ?? 0)
  }

  get(key: K): V | undefined {
    this.#turnIfDue()
    return this.#young?.get(key) ?? this.#old?.get(key)
  }

  set(key: K, value: V): void {
    this.#turnIfDue()
    this.#old?.delete(key)
    const young = (this.#young ??= new Map<K, V>())
    young.set(key, value)
    if (young.size >= this.#limit / 2) this.#turn(this.#clock.nowMs(), false)
  }

  delete(key: K): void {
    this.#young?.delete(key)
    this.#old?.delete(key)
  }

  /** The younger are all from the life before the moment this was due, however late it is now. */
  #turnIfDue(): void {
    const dueMs = this.#turnedMs + this.#lifeMs
    const lateMs = this.#clock.nowMs() - dueMs
    if (lateMs < 0) return
    this.#turn(dueMs, true)
    if (lateMs >= this.#lifeMs) this.#turn(this.#clock.nowMs(), true)
  }

  /** Only what stayed for its time is told of; what went for want of room is not. */
  #turn(turnedMs: number, isDue: boolean): void {
    const forgotten = this.#old
    this.#old = this.#young
    this.#young = undefined
    this.#turnedMs = turnedMs
    if (isDue && forgotten && this.#onForgotten)
      for (const value of forgotten.values()) this.#onForgotten(value)
  }
}
