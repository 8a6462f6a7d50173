// When to look at the records after the leaf set changed. Deaths come in bursts, and the first copy lost should not wait for
// the last: soon. Newcomers cost nobody a copy, and where a whole place starts at once each node's leaf set
// changes with everybody that it hears of: records handed over at each step would be handed over again at the next.

import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'

/** Since the last newcomer came, or the first of those lost was found out. */
const SETTLED_AFTER_MS = 1000
/** Where newcomers keep coming, in a large network, for hours. */
const MOST_AFTER_NEWCOMERS_MS = 10_000

export class Settling {
  readonly #around: Pick<Surroundings, 'clock' | 'timers'>
  readonly #isForming: () => boolean
  readonly #settled: () => void
  #timer: Timer | undefined
  #dueMs = Infinity
  #latestMs = Infinity

  /** `isForming`: most of those around have only just started, and the ring is not yet what it will be. */
  constructor(around: Pick<Surroundings, 'clock' | 'timers'>, isForming: () => boolean, settled: () => void) {
    this.#around = around
    this.#isForming = isForming
    this.#settled = settled
  }

  get isPending(): boolean {
    return this.#timer !== undefined
  }

  /** `isLoss`: somebody went who may have kept something. */
  changed(isLoss: boolean): void {
    const nowMs = this.#around.clock.nowMs()
    if (!this.isPending) this.#latestMs = nowMs + MOST_AFTER_NEWCOMERS_MS
    if (isLoss) this.#latestMs = Math.min(this.#latestMs, nowMs + SETTLED_AFTER_MS)
    this.#settleAt(Math.min(nowMs + SETTLED_AFTER_MS, this.#latestMs))
  }

  #settleAt(dueMs: number): void {
    const { clock, timers } = this.#around
    if (this.isPending && dueMs === this.#dueMs) return
    this.#timer?.cancel()
    this.#dueMs = dueMs
    this.#timer = timers.after(dueMs - clock.nowMs(), () => {
      this.#timer = undefined
      if (this.#isForming()) this.changed(true)
      else this.#settled()
    })
  }
}
