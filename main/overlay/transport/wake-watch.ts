// Notices that the computer has slept. Two kinds of clocks stand behind nowMs: those that stop in sleep (Linux, macOS), where
// only the wall clock has gone on, and those that go on (Windows), where a timer comes far too late. A beat looks at both.

import { type Clock, type Timer } from '../ports/clock.ts'

/** Chosen: a person needs that long to open a window; one timer per node, whatever the number of sessions. */
const BEAT_MS = 5_000
/** Chosen: longer than any pause of a busy computer, shorter than a peer's patience and a keep-alive. */
const SLEEP_MS = 10_000

export class WakeWatch {
  readonly #clock: Clock
  readonly #beat: (hasSlept: boolean) => void
  #timer: Timer | undefined
  #atMs = 0
  #atWallMs = 0

  /** `beat` is called every five seconds. A clock that was set forward looks like sleep. */
  constructor(clock: Clock, beat: (hasSlept: boolean) => void) {
    this.#clock = clock
    this.#beat = beat
  }

  start(): void {
    this.#atMs = this.#clock.nowMs()
    this.#atWallMs = this.#clock.wallMs()
    this.#timer = this.#clock.after(BEAT_MS, () => {
      const passedMs = Math.max(this.#clock.nowMs() - this.#atMs, this.#clock.wallMs() - this.#atWallMs)
      this.start()
      this.#beat(passedMs >= BEAT_MS + SLEEP_MS)
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
