// Round-trip time estimation and the probe timeout (RFC 9002 §5 and §6.2).

/** RFC 9002 §6.2.2: before any sample. */
const INITIAL_RTT_MS = 333
/** RFC 9002 §6.1.2. */
const GRANULARITY_MS = 1
/** The longest a peer of ours waits with an ack; both sides run the same code, so it is no transport parameter. */
export const MAX_ACK_DELAY_MS = 5
/** Chosen: an event loop that pauses for a few milliseconds is no loss, and nobody sees 20 ms. */
const MIN_PROBE_TIMEOUT_MS = 20
/** RFC 9002 §6.2.2 has about as much for a path of which nothing is known. */
const LONG_PROBE_TIMEOUT_MS = 1000

export class RoundTrip {
  #smoothedMs = INITIAL_RTT_MS
  #variationMs = INITIAL_RTT_MS / 2
  #latestMs = 0
  #minMs = 0
  #hasSample = false

  /** 0 before the first sample. */
  get smoothedMs(): number {
    return this.#hasSample ? this.#smoothedMs : 0
  }

  get variationMs(): number {
    return this.#hasSample ? this.#variationMs : 0
  }

  /** Of all samples. */
  get leastMs(): number {
    return this.#minMs
  }

  get hasSample(): boolean {
    return this.#hasSample
  }

  /** RFC 9002 §5.3. The ack delay is the peer's word, so it is capped, and never brings a sample below the minimum. */
  sample(rttMs: number, ackDelayMs: number): void {
    this.#latestMs = rttMs
    if (!this.#hasSample) {
      this.#hasSample = true
      this.#minMs = this.#smoothedMs = rttMs
      this.#variationMs = rttMs / 2
      return
    }
    this.#minMs = Math.min(this.#minMs, rttMs)
    const delayMs = Math.min(ackDelayMs, MAX_ACK_DELAY_MS)
    const adjustedMs = rttMs >= this.#minMs + delayMs ? rttMs - delayMs : rttMs
    this.#variationMs = (3 * this.#variationMs + Math.abs(this.#smoothedMs - adjustedMs)) / 4
    this.#smoothedMs = (7 * this.#smoothedMs + adjustedMs) / 8
  }

  /** RFC 9002 §6.1.2: how much later than an acknowledged one a packet may still be under way, 9/8 of the RTT. */
  get lossDelayMs(): number {
    return Math.max((9 / 8) * Math.max(this.#smoothedMs, this.#latestMs), GRANULARITY_MS)
  }

  /**
   * RFC 9002 §6.2.1, and at most two round trips of the path at its best. On a quiet link the estimate outlives what made
   * it: samples taken while either computer was busy would stand for minutes, and hide a dead peer for half of one.
   */
  get probeTimeoutMs(): number {
    const timeoutMs = this.#smoothedMs + Math.max(4 * this.#variationMs, GRANULARITY_MS) + MAX_ACK_DELAY_MS
    const longestMs = Math.max(LONG_PROBE_TIMEOUT_MS, 2 * this.#minMs)
    return Math.min(Math.max(timeoutMs, MIN_PROBE_TIMEOUT_MS), longestMs)
  }

  /** RFC 9002 §7.6.1: losses over three probe timeouts mean that the path broke, not that a queue was full. */
  get persistentCongestionMs(): number {
    return 3 * (this.#smoothedMs + Math.max(4 * this.#variationMs, GRANULARITY_MS) + MAX_ACK_DELAY_MS)
  }
}
