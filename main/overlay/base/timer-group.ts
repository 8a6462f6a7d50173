import { type Clock, type Timer } from '../ports/clock.ts'

/** All timers of one owner, so that stopping leaves none behind. */
export class TimerGroup {
  readonly #clock: Clock
  readonly #pending = new Set<Timer>()
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pending(): number {
    return this.#pending.size
  }

  after(delayMs: number, action: () => void): Timer {
    if (this.#isStopped) return { cancel: () => undefined }
    const timer = this.#clock.after(delayMs, () => {
      this.#pending.delete(handle)
      action()
    })
    const handle: Timer = {
      cancel: () => {
        this.#pending.delete(handle)
        timer.cancel()
      },
    }
    this.#pending.add(handle)
    return handle
  }

  /** Again and again; the delay is asked anew each time, so that it can be jittered. */
  every(delayMs: () => number, action: () => void): void {
    this.after(delayMs(), () => {
      this.every(delayMs, action)
      action()
    })
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of [...this.#pending]) timer.cancel()
  }
}
