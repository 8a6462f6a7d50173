import { type Clock } from '../ports/clock.ts'

/** Whoever is not heard of for so many others starts anew with a full budget. */
const MAX_BUDGETS = 8192

/**
 * One budget for each peer (or peer and purpose), so that what one wastes is not taken from the others. A budget left
 * alone for as long as an empty one takes to refill is full, and a full one is no different from none: so there are two
 * generations, and the older is dropped when the younger has stood that long.
 *
 * It admits what a token bucket would, but of each bucket only one number is kept: the moment at which, by what it has left,
 * it would have been empty (the virtual scheduling algorithm of ITU-T I.371).
 */
export class PeerBudgets {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #youngEmptyMs: Map<string, number> | undefined
  #oldEmptyMs: Map<string, number> | undefined
  #turnedMs = -Infinity

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Budgets that are kept now. */
  get size(): number {
    const old = [...(this.#oldEmptyMs?.keys() ?? [])]
    return (this.#youngEmptyMs?.size ?? 0) + old.filter((key) => !this.#youngEmptyMs?.has(key)).length
  }

  admits(key: string, amount = 1): boolean {
    const nowMs = this.#clock.nowMs()
    if (this.#isTurnDue(nowMs)) this.#turn(nowMs)
    const fullMs = nowMs - this.#refillMs
    const emptyMs = Math.max(this.#emptyMs(key) ?? fullMs, fullMs)
    const thenMs = emptyMs + (1000 * amount) / this.#perSecond
    const isWithin = thenMs <= nowMs
    this.#youngEmptyMs ??= new Map()
    this.#youngEmptyMs.set(key, isWithin ? thenMs : emptyMs)
    return isWithin
  }

  get #refillMs(): number {
    return (1000 * this.#burst) / this.#perSecond
  }

  /** The younger generation's word counts. */
  #emptyMs(key: string): number | undefined {
    return this.#youngEmptyMs?.get(key) ?? this.#oldEmptyMs?.get(key)
  }

  #isTurnDue(nowMs: number): boolean {
    return nowMs - this.#turnedMs >= this.#refillMs || (this.#youngEmptyMs?.size ?? 0) >= MAX_BUDGETS / 2
  }

  #turn(nowMs: number): void {
    this.#oldEmptyMs = this.#youngEmptyMs
    this.#youngEmptyMs = undefined
    this.#turnedMs = nowMs
  }
}
