// How much a peer may send before it hears a new limit: for one stream, or for all that it has opened. The limit lies one
// window beyond what was consumed. It is told again when half the window is used up (a limit per packet would cost more
// than it brings), and the window doubles where that took less than two round trips, for then it may be what holds the
// sender back.

/** Chosen: half a window per round trip is what a sender makes of a window it is held by. */
const QUICK_ROUND_TRIPS = 2

export interface Pace {
  nowMs(): number
  /** Smoothed round-trip time; 0 before the first sample. */
  rttMs(): number
}

export class ReceiveWindow {
  readonly #pace: Pace
  readonly #maxBytes: number
  #windowBytes: number
  #limitBytes: number
  #consumedBytes = 0
  #grantedAtMs = -Infinity

  constructor(pace: Pace, windowBytes: number, maxBytes: number) {
    this.#pace = pace
    this.#windowBytes = this.#limitBytes = windowBytes
    this.#maxBytes = maxBytes
  }

  /** As last granted: how far the peer may send. */
  get limitBytes(): number {
    return this.#limitBytes
  }

  /** So many more bytes take no memory here any more. Returns whether the peer should hear the new limit. */
  consume(bytes: number): boolean {
    this.#consumedBytes += bytes
    if (this.#consumedBytes + this.#windowBytes / 2 < this.#limitBytes) return false
    const nowMs = this.#pace.nowMs()
    if (nowMs - this.#grantedAtMs < QUICK_ROUND_TRIPS * this.#pace.rttMs())
      this.#windowBytes = Math.min(2 * this.#windowBytes, this.#maxBytes)
    this.#grantedAtMs = nowMs
    this.#limitBytes = this.#consumedBytes + this.#windowBytes
    return true
  }
}
