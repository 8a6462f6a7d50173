// When the last messages came: what a member knows of how busy its mesh is.

import { type Clock } from '../ports/clock.ts'

const REMEMBERED = 256

export class Arrivals {
  readonly #clock: Clock
  /** In a circle. */
  readonly #timesMs = new Float64Array(REMEMBERED).fill(-Infinity)
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A message has come for the first time. */
  add(): void {
    this.#timesMs[this.#count++ % REMEMBERED] = this.#clock.nowMs()
  }

  /** When the last came, or the one so many before it; -Infinity where there was none, or too long before. */
  timeMs(before: number): number {
    const at = this.#count - 1 - before
    return at >= 0 && before < REMEMBERED ? this.#timesMs[at % REMEMBERED]! : -Infinity
  }
}
