// What nobody waits for, in a session that also carries what somebody does. The session's law stands for the session towards
// the rest of the Internet, and a share of BBR or CUBIC is far more than replicas should ask for. So packets of nothing but background
// are held to a second window besides, that of LEDBAT++ (ledbat.ts), and count in both:
//
//   leaves       only where both windows have room
//   acknowledged tells both; round trips are measured by every packet of the session
//   lost         tells both, whichever packet it was: the queue that was full is the same
//
// The session's law sees an application that has nothing more to send (RFC 9002 §7.8), so it learns nothing false from the pause.
// Made for the first background byte on a path: most sessions carry none.

import { type RoundTrip } from '../round-trip.ts'
import { AckSample } from './ack-sample.ts'
import { Ledbat } from './ledbat.ts'
import { type SentPacket } from './sent-packet.ts'

/**
 * Chosen. BBR keeps the queue below one round trip, so on a line shorter than LEDBAT++'s 60 ms it never shows the queue that would make this
 * law give way. At 0.4 it does; with less, short lines are not filled (decisions.md 49).
 */
const TARGET_SHARE = 0.4

// One ack is read at a time, whatever the number of sessions: none of it outlives the call.
const sample = new AckSample()

export class BackgroundTraffic {
  readonly #law: Ledbat
  #bytesInFlight = 0
  #isLimited = false

  /** `rtt` is what the session has seen of the path so far: whoever begins beside a queue must not take it for distance. */
  constructor(packetBytes: number, rtt: RoundTrip, nowMs: number) {
    this.#law = new Ledbat(packetBytes, TARGET_SHARE)
    if (rtt.hasSample) this.#law.knows(rtt.leastMs, nowMs)
  }

  get windowBytes(): number {
    return this.#law.windowBytes
  }

  /** To be asked where something waits: a no is remembered, for the law. */
  maySend(bytes: number): boolean {
    const hasRoom = this.#bytesInFlight + bytes <= this.#law.windowBytes
    if (!hasRoom) this.#isLimited = true
    return hasRoom
  }

  sent(bytes: number): void {
    this.#bytesInFlight += bytes
  }

  /** A packet of background is under way no more. */
  settled(bytes: number): void {
    this.#bytesInFlight -= bytes
  }

  /** What an ack has told the session's law, and how much of it was background. */
  acked(told: AckSample, backgroundBytes: number): void {
    sample.nowMs = told.nowMs
    sample.rttMs = told.rttMs
    sample.smoothedRttMs = told.smoothedRttMs
    sample.newestSentMs = told.newestSentMs
    sample.ackedBytes = backgroundBytes
    sample.bytesInFlight = this.#bytesInFlight
    sample.isLimiting = this.#isLimited
    this.#law.acked(sample)
    if (this.#bytesInFlight <= this.#law.windowBytes / 2) this.#isLimited = false
  }

  lost(packet: SentPacket, lostSinceBytes: number, nowMs: number): void {
    this.#law.lost(packet, lostSinceBytes, nowMs)
  }

  lossWasSpurious(): void {
    this.#law.lossWasSpurious()
  }

  persistentlyCongested(): void {
    this.#law.persistentlyCongested()
  }

  setPacketBytes(packetBytes: number): void {
    this.#law.setPacketBytes(packetBytes)
  }
}
