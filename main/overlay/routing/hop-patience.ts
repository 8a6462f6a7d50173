// How long a hop gets to acknowledge a message. Where hops that were routed around turn out to have taken the message after
// all (computers that have too much to do, a phone's radio), all get longer: routing around them only adds to the load.

import { type Link } from '../transport/links.ts'

/** Below this a delayed acknowledgement (25 ms) and a lost packet's resend would look like a dead hop. */
const SHORTEST_MS = 300
const ROUND_TRIPS = 3
/** 64 KiB in a second: what a slow uplink needs before it can be acknowledged. */
const BYTES_PER_MS = 64
/** Chosen: two wrongs double it, some thirty acknowledgements in time halve it. */
const GROWTH = 1.4
const DECAY = 0.98
const MOST_FACTOR = 8
/** While all around have just started, maybe on one computer; some seventy acknowledgements in time then make it 1 again. */
const FORMING_FACTOR = 4

export class HopPatience {
  #factor = 1

  /** `isForming`: the map of the links around is being drawn, by nodes that have all just come. */
  timeoutMs({ rttMs }: Link, payloadBytes: number, isForming: boolean): number {
    if (isForming) this.#factor = Math.max(this.#factor, FORMING_FACTOR)
    return this.#factor * Math.max(ROUND_TRIPS * rttMs, SHORTEST_MS) + payloadBytes / BYTES_PER_MS
  }

  /** It took the message, in time or not. */
  acknowledged(wasInTime: boolean): void {
    this.#factor = wasInTime
      ? Math.max(1, DECAY * this.#factor)
      : Math.min(GROWTH * this.#factor, MOST_FACTOR)
  }
}
