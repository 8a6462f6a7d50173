// A path that has carried large packets and no longer does, without a word (RFC 8899 §4.3): a route around a broken link, a
// tunnel that went up. Small packets still arrive, so the session lives, and every large one is lost.
//
// The sign is a row of losses, each a round trip or more after the one before, in which no packet was acknowledged that is
// as large as one of those lost. A full queue looks different: it lets some of them through. The acks that show the losses
// are of small packets, because whatever a probe timeout sends is small (session.ts).

import { DATAGRAM_BYTES } from '../wire/packet.ts'
import { type SentPacket } from './congestion/sent-packet.ts'

/** Chosen: at a loss rate of 30 % and two packets per round trip, chance makes one of 1,400 such rows. */
const ROUNDS = 3

export class BlackHole {
  #rounds = 0
  #leastLostBytes = Infinity
  #roundAtMs = -Infinity

  acked(bytes: number): void {
    if (bytes < this.#leastLostBytes) return
    this.#rounds = 0
    this.#leastLostBytes = Infinity
  }

  /** Packets were called lost, all by one ack. Returns whether the path has become a black hole for large ones. */
  lost(packets: readonly SentPacket[], nowMs: number): boolean {
    let isNewRound = false
    for (const { bytes, sentMs } of packets) {
      if (bytes <= DATAGRAM_BYTES) continue
      this.#leastLostBytes = Math.min(this.#leastLostBytes, bytes)
      if (sentMs >= this.#roundAtMs) isNewRound = true
    }
    if (!isNewRound) return false
    this.#roundAtMs = nowMs
    if (++this.#rounds < ROUNDS) return false
    this.#rounds = 0
    this.#leastLostBytes = Infinity
    return true
  }
}
