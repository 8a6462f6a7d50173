import { type Clock } from '../ports/clock.ts'

/** Whoever is not heard of for so many others starts anew with a full budget. */
const MAX_BUDGETS = 8192
const FIRST_SWEEP = 16

/**
 * One budget for each peer (or peer and purpose), so that what one wastes is not taken from the others. A budget left
 * alone for as long as an empty one takes to refill is full, and a full one is no different from none: most are full again
 * before the next is asked for, so most of the time there is one to keep, and no map for it.
 *
 * It admits what a token bucket would, but of each bucket only one number is kept: the moment at which, by what it has left,
 * it would have been empty (the virtual scheduling algorithm of ITU-T I.371).
 */
export class PeerBudgets {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #key: string | undefined = undefined
  #keyEmptyMs = 0
  /** Of the others that are not full; those heard of longest ago first. */
  #emptyMs: Map<string, number> | undefined = undefined
  #sweepAt = FIRST_SWEEP
  /** By then all are full. */
  #fullMs = -Infinity

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Budgets that are kept now. */
  get size(): number {
    return (this.#key === undefined ? 0 : 1) + (this.#emptyMs?.size ?? 0)
  }

  /** `reserve`: so much must be left after it. */
  admits(key: string, amount = 1, reserve = 0): boolean {
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#fullMs) this.#forgetAll()
    const refillMs = (1000 * this.#burst) / this.#perSecond
    const emptyMs = Math.max(this.#emptyMsOf(key) ?? -Infinity, nowMs - refillMs)
    const thenMs = emptyMs + (1000 * amount) / this.#perSecond
    const isWithin = thenMs + (1000 * reserve) / this.#perSecond <= nowMs
    this.#keep(key, isWithin ? thenMs : emptyMs, nowMs - refillMs)
    this.#fullMs = Math.max(this.#fullMs, (isWithin ? thenMs : emptyMs) + refillMs)
    return isWithin
  }

  /** What was admitted has turned out to cost nothing. */
  giveBack(key: string, amount: number): void {
    const emptyMs = this.#emptyMsOf(key)
    if (emptyMs === undefined) return // full again, and forgotten
    const laterMs = emptyMs - (1000 * amount) / this.#perSecond
    if (key === this.#key) this.#keyEmptyMs = laterMs
    else this.#emptyMs!.set(key, laterMs)
  }

  #emptyMsOf(key: string): number | undefined {
    return key === this.#key ? this.#keyEmptyMs : this.#emptyMs?.get(key)
  }

  #keep(key: string, emptyMs: number, fullBeforeMs: number): void {
    if (this.#key === undefined || key === this.#key) {
      this.#key = key
      this.#keyEmptyMs = emptyMs
      return
    }
    const others = (this.#emptyMs ??= new Map<string, number>())
    others.delete(key)
    others.set(key, emptyMs)
    if (others.size >= this.#sweepAt) this.#sweep(others, fullBeforeMs)
  }

  #sweep(others: Map<string, number>, fullBeforeMs: number): void {
    for (const [key, emptyMs] of others) if (emptyMs <= fullBeforeMs) others.delete(key)
    if (others.size >= MAX_BUDGETS) others.delete(others.keys().next().value!)
    this.#sweepAt = Math.min(Math.max(FIRST_SWEEP, 2 * others.size), MAX_BUDGETS)
  }

  #forgetAll(): void {
    this.#key = undefined
    this.#emptyMs = undefined
    this.#sweepAt = FIRST_SWEEP
  }
}
