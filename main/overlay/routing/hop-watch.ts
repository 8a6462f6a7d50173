// Whether a hop that was sent a message is silent. A message of which no acknowledgement comes is not enough: where many
// messages take one way, or its computer has too much to do, they are late and not lost, and the copies that would go
// round it are what makes them later. So nothing at all must have come from it meanwhile.

import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Link } from '../transport/links.ts'

/** A timer that fires so late was held up with all else here: an acknowledgement may be waiting to be read. */
const HELD_UP_MS = 100
/** What came in the first half may have been on its way when the hop died. */
const PARTS = 2
/** Chosen: four times as patient at most. */
const MOST_PARTS = 4 * PARTS

export class HopWatch {
  readonly #around: Pick<Surroundings, 'clock' | 'timers'>
  readonly #link: Link
  readonly #partMs: number
  readonly #onSilent: () => void
  #parts = 0
  #heard = 0
  #timer: Timer

  /** `onSilent` is called once, unless this is cancelled before. */
  constructor(
    around: Pick<Surroundings, 'clock' | 'timers'>,
    link: Link,
    patienceMs: number,
    onSilent: () => void,
  ) {
    this.#around = around
    this.#link = link
    this.#partMs = patienceMs / PARTS
    this.#onSilent = onSilent
    this.#timer = this.#wait()
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #wait(): Timer {
    const { clock, timers } = this.#around
    this.#heard = this.#link.traffic.receivedPackets
    const dueMs = clock.nowMs() + this.#partMs
    return timers.after(this.#partMs, () => {
      const isLate = clock.nowMs() - dueMs >= HELD_UP_MS
      const isHeard = this.#link.traffic.receivedPackets !== this.#heard
      const isEarly = ++this.#parts < PARTS
      if (isEarly || ((isLate || isHeard) && this.#parts < MOST_PARTS)) this.#timer = this.#wait()
      else this.#onSilent()
    })
  }
}
