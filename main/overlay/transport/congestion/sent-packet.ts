// One packet under way, with what was known when it left: enough to tell later how fast the path delivered meanwhile.
// Packets are the commonest object of a session, so those that are settled are used again.

import { type SendingPath } from '../sending-path.ts'

/** One thing in a packet that has to arrive. */
export interface SentFrame {
  acked(): void
  /**
   * Send it again, unless it has arrived by another packet. May be called more than once (probes), and `acked` may still
   * follow, where the packet was only late.
   */
  lost(): void
  /** No packet holds this any more, where it stood in one only. */
  released?(): void
}

export class SentPacket {
  number = 0
  sentMs = 0
  bytes = 0
  readonly frames: SentFrame[] = []
  /** Bytes in flight once this packet had left, itself included. */
  inFlightBytes = 0
  /** The sender's counts when the packet left (delivery-rate.ts). */
  deliveredBytes = 0
  deliveredMs = 0
  firstSentMs = 0
  lostBytes = 0
  isAppLimited = false
  /** A packet that asks something about the path (path-mtu.ts, path-validation.ts): its loss says nothing about queues. */
  isPathProbe = false
  /** It carries nothing but background (background-traffic.ts). */
  isBackground = false
  /** What it left by. */
  path: SendingPath | undefined = undefined
}

/** Chosen: two windows of a fast path; what a burst needed beyond that goes back to the garbage collector. */
const MAX_SPARE = 2048
const spare: SentPacket[] = []

export function takePacket(
  number: number,
  bytes: number,
  frames: readonly SentFrame[],
  nowMs: number,
  isPathProbe = false,
  isBackground = false,
): SentPacket {
  const packet = spare.pop() ?? new SentPacket()
  packet.number = number
  packet.bytes = bytes
  packet.sentMs = nowMs
  packet.isPathProbe = isPathProbe
  packet.isBackground = isBackground
  for (const frame of frames) packet.frames.push(frame)
  return packet
}

/** Nobody holds the packet any more. */
export function releasePacket(packet: SentPacket): void {
  for (const frame of packet.frames) frame.released?.()
  packet.frames.length = 0
  packet.path = undefined
  if (spare.length < MAX_SPARE) spare.push(packet)
}
