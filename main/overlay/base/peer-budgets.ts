import { type Clock } from '../ports/clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** Whoever is not heard of for so many others starts anew with a full budget. */
const MAX_BUDGETS = 8192

/**
 * One budget for each peer (or peer and purpose), so that what one wastes is not taken from the others. A budget left
 * alone for as long as an empty one takes to refill is full, and a full one is no different from none: so there are two
 * generations, and the older is dropped when the younger has stood that long.
 */
export class PeerBudgets {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #young: Map<string, TokenBucket> | undefined
  #old: Map<string, TokenBucket> | undefined
  #turnedMs = -Infinity

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Budgets that are kept now. */
  get size(): number {
    return (this.#young?.size ?? 0) + (this.#old?.size ?? 0)
  }

  admits(key: string, amount = 1): boolean {
    const nowMs = this.#clock.nowMs()
    if (this.#isTurnDue(nowMs)) this.#turn(nowMs)
    return this.#budgetOf(key, nowMs).take(amount, nowMs)
  }

  #budgetOf(key: string, nowMs: number): TokenBucket {
    this.#young ??= new Map()
    let budget = this.#young.get(key)
    if (budget) return budget
    budget = this.#old?.get(key) ?? new TokenBucket(this.#burst, this.#perSecond, nowMs)
    this.#old?.delete(key)
    this.#young.set(key, budget)
    return budget
  }

  #isTurnDue(nowMs: number): boolean {
    const refillMs = (1000 * this.#burst) / this.#perSecond
    return nowMs - this.#turnedMs >= refillMs || (this.#young?.size ?? 0) >= MAX_BUDGETS / 2
  }

  #turn(nowMs: number): void {
    this.#old = this.#young?.size ? this.#young : undefined
    this.#young = undefined
    this.#turnedMs = nowMs
  }
}
