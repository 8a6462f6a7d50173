import { type Clock, type Timer } from '../../main/overlay/ports/clock.ts'

/** One computer's clock: intervals are everybody's, the date is its own and may be wrong. */
export class SkewedClock implements Clock {
  readonly #clock: Clock
  skewMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.skewMs
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#clock.after(delayMs, action)
  }
}
