// How many packets the peer should receive before it acknowledges (after draft-ietf-quic-ack-frequency). Two, as in RFC 9000
// §13.2.2, cost a fast transfer an ack for every two packets, a third of all packets; what congestion control needs is some acks per round
// trip. Only the sender knows how many packets that is, so it asks: for an eighth of what is under way, but no more than leave in a
// millisecond, by powers of two: on a slow line acks cost nothing, and rare ones make BBR flows unfair. Where it runs dry it asks for an ack at once, or the last packets would wait for the longest ack delay.

import { OwedFrame, type OwedFrames } from './owed-frames.ts'

/** RFC 9000 §13.2.2: unless the sender asks for another number. */
export const PACKETS_PER_ACK = 2
/** Chosen: what fewer acks save beyond that is little, and a lost one should cost little. */
export const MAX_PACKETS_PER_ACK = 16
/** HyStart++ takes eight samples a round (RFC 9406 §4.3). */
const ACKS_PER_ROUND = 8
/** Chosen: a thousand acks per second are no work, and as many as the pacer's wake-ups. */
const ACK_INTERVAL_MS = 1
/** Chosen: the request is lowered only to a quarter, so that a number under way that sways does not change it every round. */
const LOWERED_BY = 4

export class AckRequest {
  readonly #owed: OwedFrames
  #packets = PACKETS_PER_ACK
  #frame: OwedFrame | undefined

  constructor(owed: OwedFrames) {
    this.#owed = owed
  }

  /** The peer waits for more than two packets. */
  get isSparse(): boolean {
    return this.#packets > PACKETS_PER_ACK
  }

  /** A packet is about to leave, with so many under way for a round trip; a new request goes with it. */
  adapt(packetsInFlight: number, rttMs: number): void {
    const acksPerRound = Math.max(ACKS_PER_ROUND, rttMs / ACK_INTERVAL_MS)
    let wanted = PACKETS_PER_ACK
    while (wanted < MAX_PACKETS_PER_ACK && 2 * wanted * acksPerRound <= packetsInFlight) wanted *= 2
    if (wanted <= this.#packets && wanted * LOWERED_BY > this.#packets) return
    if (wanted === this.#packets) return
    this.#packets = wanted
    this.#frame ??= new OwedFrame(this.#owed, () => ({ type: 'ack-frequency', packets: this.#packets }))
    this.#frame.owe()
  }
}
