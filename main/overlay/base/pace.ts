/**
 * How long to wait before the next round of upkeep: half as long after a round in which something changed, longer after a
 * quiet one. So a quiet node is quiet, and what churn costs is bounded by the shortest period.
 */
const GROWTH = 1.5

export class Pace {
  readonly #leastMs: number
  readonly #mostMs: number
  #periodMs: number
  #hasChanged = false

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs
    this.#mostMs = mostMs
    this.#periodMs = leastMs
  }

  get periodMs(): number {
    return this.#periodMs
  }

  /** What `next` answers at most. */
  get longestNextMs(): number {
    return Math.min(GROWTH * this.#periodMs, this.#mostMs)
  }

  changed(): void {
    this.#hasChanged = true
  }

  /** Ends a round; the period until the next. */
  next(): number {
    const factor = this.#hasChanged ? 0.5 : GROWTH
    this.#hasChanged = false
    this.#periodMs = Math.min(Math.max(factor * this.#periodMs, this.#leastMs), this.#mostMs)
    return this.#periodMs
  }
}
