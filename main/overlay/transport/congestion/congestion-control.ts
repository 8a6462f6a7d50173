// How much may be under way, and how fast it may leave. One interface, so that what a person waits for and what runs in
// the background obey different laws. The sender tells facts (sent, acked, lost, lost in error), a law answers with two
// numbers. A law keeps no clock and no timer: every fact carries its time.

import { type AckSample } from './ack-sample.ts'
import { type SentPacket } from './sent-packet.ts'

export interface CongestionControl {
  /** Bytes that may be in flight. */
  readonly windowBytes: number
  /** Bytes per millisecond at which packets may leave; undefined before anything is known of the path. */
  readonly pacingRate: number | undefined
  /** A packet that asks for an ack leaves; `bytesInFlight` does not count it yet. */
  sent(packet: SentPacket, bytesInFlight: number, nowMs: number): void
  /** An ack named packets not acknowledged before. Losses that it shows are told first. The sample is used again. */
  acked(sample: AckSample): void
  /** One packet is taken for lost, oldest first; `lostSinceBytes` were lost since it was sent, itself included. */
  lost(packet: SentPacket, lostSinceBytes: number, nowMs: number): void
  /** Every packet of the last loss episode has arrived after all: it was only late. */
  lossWasSpurious(): void
  /** Nothing sent over several probe timeouts got through (RFC 9002 §7.6). */
  persistentlyCongested(): void
  /** Packets are of another size from now on: the path turned out to carry larger ones, or no longer does. */
  setPacketBytes(packetBytes: number): void
}

/** RFC 9002 §7.2: ten packets, but of large ones only as many as make a burst that a short queue can take. */
const INITIAL_WINDOW_PACKETS = 10
const INITIAL_WINDOW_BYTES = 14_720

/** What may be under way before anything is known of the path. */
export function initialWindowBytes(packetBytes: number): number {
  return Math.min(INITIAL_WINDOW_PACKETS * packetBytes, Math.max(2 * packetBytes, INITIAL_WINDOW_BYTES))
}
