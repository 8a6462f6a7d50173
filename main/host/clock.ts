import { type Clock, type Timer } from '../overlay/ports/clock.ts'

/** A session has one at any time, and a node dozens of sessions: an object is a third of what a function for each costs. */
class HostTimer implements Timer {
  readonly #timeout: NodeJS.Timeout

  constructor(timeout: NodeJS.Timeout) {
    this.#timeout = timeout
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }
}

export const hostClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, action) => new HostTimer(setTimeout(action, delayMs)),
}
