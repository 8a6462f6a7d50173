// Spreads packets over the round trip (RFC 9002 §7.7), or a window that opens at once would overflow the first short queue on
// its way. A token bucket: tokens come at the law's rate, a packet takes its bytes, and may leave while there are any; so
// one wake-up lets several packets go, and there is no timer per packet.

import { initialWindowBytes } from './congestion/congestion-control.ts'

/** Chosen: what Node's timers keep. Acks let packets go in between, too. */
const WAKE_INTERVAL_MS = 1
/** Chosen: a timer that comes a millisecond late must not cost rate; counts above 5 packets per millisecond only. */
const BURST_MS = 2

export class Pacer {
  #packetBytes: number
  #tokens: number
  #filledAtMs = -Infinity

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
    this.#tokens = initialWindowBytes(packetBytes)
  }

  setPacketBytes(packetBytes: number): void {
    this.#packetBytes = packetBytes
  }

  /** Whether a packet may leave now; `rate` in bytes per millisecond, undefined for any. */
  maySend(rate: number | undefined, nowMs: number): boolean {
    if (rate === undefined) return true
    const burstBytes = Math.max(initialWindowBytes(this.#packetBytes), rate * BURST_MS)
    const waitedMs = nowMs - this.#filledAtMs
    this.#tokens = waitedMs === Infinity ? burstBytes : Math.min(burstBytes, this.#tokens + rate * waitedMs)
    this.#filledAtMs = nowMs
    return this.#tokens > 0
  }

  sent(bytes: number): void {
    this.#tokens -= bytes
  }

  /** When to try again after `maySend` has said no: with a token for a packet, or at the next wake-up worth its price. */
  nextMs(rate: number): number {
    return this.#filledAtMs + Math.max(WAKE_INTERVAL_MS, (this.#packetBytes - this.#tokens) / rate)
  }
}
