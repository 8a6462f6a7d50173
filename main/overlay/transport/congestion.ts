// How much may be under way. One interface, so that what a person waits for and what runs in the background can obey
// different laws; and the first law, NewReno as RFC 9002 §7 and its appendix B tell it.

export interface CongestionControl {
  /** Bytes that may be in flight. */
  readonly windowBytes: number
  /** `isLimiting`: the window was what held the sender back when the packet was acknowledged (RFC 9002 §7.8). */
  acked(bytes: number, sentMs: number, isLimiting: boolean): void
  /** Packets were lost, the newest of them sent at `sentMs`. */
  lost(sentMs: number, nowMs: number): void
  persistentlyCongested(): void
}

/** RFC 9002 §7.2. */
const INITIAL_PACKETS = 10
const MINIMUM_PACKETS = 2
/** RFC 9002 §B.1. */
const LOSS_REDUCTION = 0.5

export class NewReno implements CongestionControl {
  readonly #packetBytes: number
  #windowBytes: number
  #thresholdBytes = Infinity
  #recoverySinceMs = -Infinity
  #creditBytes = 0

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
    this.#windowBytes = INITIAL_PACKETS * packetBytes
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  acked(bytes: number, sentMs: number, isLimiting: boolean): void {
    if (!isLimiting || sentMs <= this.#recoverySinceMs) return
    if (this.#windowBytes < this.#thresholdBytes) {
      this.#windowBytes += bytes
      return
    }
    // Congestion avoidance: one packet more for every window acknowledged.
    this.#creditBytes += bytes
    if (this.#creditBytes < this.#windowBytes) return
    this.#creditBytes -= this.#windowBytes
    this.#windowBytes += this.#packetBytes
  }

  lost(sentMs: number, nowMs: number): void {
    if (sentMs <= this.#recoverySinceMs) return // one reduction per round trip (RFC 9002 §7.3.2)
    this.#recoverySinceMs = nowMs
    this.#thresholdBytes = Math.max(this.#windowBytes * LOSS_REDUCTION, this.#minimumBytes)
    this.#windowBytes = this.#thresholdBytes
    this.#creditBytes = 0
  }

  persistentlyCongested(): void {
    this.#windowBytes = this.#minimumBytes
    this.#recoverySinceMs = -Infinity
  }

  get #minimumBytes(): number {
    return MINIMUM_PACKETS * this.#packetBytes
  }
}
