import { type Clock } from '../ports/clock.ts'

/** Those that are not full. */
interface Kept {
  key: string
  keyEmptyMs: number
  /** Of the others; those heard of longest ago first. */
  emptyMs: Map<string, number> | undefined
  sweepAt: number
  /** By then all are full. */
  fullMs: number
}

/** Whoever is not heard of for so many others starts anew with a full budget. */
const MAX_BUDGETS = 8192
const FIRST_SWEEP = 16

/**
 * One budget for each peer (or peer and purpose), so that what one wastes is not taken from the others. A budget left
 * alone for as long as an empty one takes to refill is full, and a full one is no different from none: most of the time there
 * is none to keep, or one, and no map for it.
 *
 * It admits what a token bucket would, but of each bucket only one number is kept: the moment at which, by what it has left,
 * it would have been empty (the virtual scheduling algorithm of ITU-T I.371).
 */
export class PeerBudgets {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #kept: Kept | undefined = undefined

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Budgets that are kept now. */
  get size(): number {
    return this.#kept ? 1 + (this.#kept.emptyMs?.size ?? 0) : 0
  }

  /** `reserve`: so much must be left after it. */
  admits(key: string, amount = 1, reserve = 0): boolean {
    const nowMs = this.#clock.nowMs()
    if (this.#kept && nowMs >= this.#kept.fullMs) this.#kept = undefined
    const refillMs = this.#refillMs
    const emptyMs = Math.max(this.#emptyMsOf(key) ?? -Infinity, nowMs - refillMs)
    const thenMs = emptyMs + (1000 * amount) / this.#perSecond
    const isWithin = thenMs + (1000 * reserve) / this.#perSecond <= nowMs
    this.#keep(key, isWithin ? thenMs : emptyMs, nowMs)
    return isWithin
  }

  /** What was admitted has turned out to cost nothing. */
  giveBack(key: string, amount: number): void {
    const emptyMs = this.#emptyMsOf(key)
    if (!this.#kept || emptyMs === undefined) return // full again, and forgotten
    const laterMs = emptyMs - (1000 * amount) / this.#perSecond
    if (key === this.#kept.key) this.#kept.keyEmptyMs = laterMs
    else this.#kept.emptyMs!.set(key, laterMs)
  }

  #emptyMsOf(key: string): number | undefined {
    const kept = this.#kept
    return kept?.key === key ? kept.keyEmptyMs : kept?.emptyMs?.get(key)
  }

  #keep(key: string, emptyMs: number, nowMs: number): void {
    const fullMs = emptyMs + this.#refillMs
    const kept = this.#kept
    if (!kept) {
      this.#kept = { key, keyEmptyMs: emptyMs, emptyMs: undefined, sweepAt: FIRST_SWEEP, fullMs }
      return
    }
    kept.fullMs = Math.max(kept.fullMs, fullMs)
    if (key === kept.key) {
      kept.keyEmptyMs = emptyMs
      return
    }
    const others = (kept.emptyMs ??= new Map<string, number>())
    others.delete(key)
    others.set(key, emptyMs)
    if (others.size >= kept.sweepAt) kept.sweepAt = sweep(others, nowMs - this.#refillMs)
  }

  get #refillMs(): number {
    return (1000 * this.#burst) / this.#perSecond
  }
}

/** Forgets what is full by now; at how many to sweep again. */
function sweep(others: Map<string, number>, fullBeforeMs: number): number {
  for (const [key, emptyMs] of others) if (emptyMs <= fullBeforeMs) others.delete(key)
  if (others.size >= MAX_BUDGETS) others.delete(others.keys().next().value!)
  return Math.min(Math.max(FIRST_SWEEP, 2 * others.size), MAX_BUDGETS)
}
