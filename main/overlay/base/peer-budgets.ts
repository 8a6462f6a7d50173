import { BoundedMap } from './bounded-map.ts'
import { type Clock } from '../ports/clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** Whoever is not heard of for so many others starts anew with a full budget. */
const MAX_BUDGETS = 8192

/** One budget for each peer (or peer and purpose), so that what one wastes is not taken from the others. */
export class PeerBudgets {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  readonly #budgets = new BoundedMap<string, TokenBucket>(MAX_BUDGETS)

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  admits(key: string, amount = 1): boolean {
    const nowMs = this.#clock.nowMs()
    const budget = this.#budgets.get(key) ?? new TokenBucket(this.#burst, this.#perSecond, nowMs)
    this.#budgets.set(key, budget)
    return budget.take(amount, nowMs)
  }
}
