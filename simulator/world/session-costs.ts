// What the modelled sessions cost and how long they take, in the real transport's figures.

import { KNOCK_BYTES } from '../../main/overlay/ports/knocks.ts'

/** main/overlay/wire/packet.ts: kind 1, connection id 8, packet number 4, tag 16; then a stream frame's header. */
const PACKET_OVERHEAD_BYTES = 29
const FRAME_OVERHEAD_BYTES = 7
const DATAGRAM_BYTES = 1200
export const ACK_BYTES = PACKET_OVERHEAD_BYTES + 6
export const PING_BYTES = PACKET_OVERHEAD_BYTES + 1

/** main/overlay/transport/round-trip.ts. */
export const MAX_ACK_DELAY_MS = 5
const MIN_PROBE_TIMEOUT_MS = 20
/** main/overlay/transport/endpoint.ts: keepAliveMs, untranslatedKeepAliveMs and silenceMs. */
export const KEEP_ALIVE_MS = 25_000
export const UNTRANSLATED_KEEP_ALIVE_MS = 60_000
export const SILENCE_MS = 3000
/** main/overlay/transport/dial.ts: GIVE_UP_MS, and the initiations sent to one address until then. */
export const DIAL_TIMEOUT_MS = 5000
export const VAIN_INITIATIONS = 7
export const INITIATION_BYTES = DATAGRAM_BYTES
export const RESPONSE_BYTES = 330
/**
 * What a call to a peer behind NAT costs before its handshake: an initiation in vain; the signed call with two candidates
 * (main/overlay/wire/candidates.ts) and its answer, over three links each and acknowledged on each; and five rounds of knocks at
 * one address from both ends (main/overlay/reach/punching.ts). All of it is counted as the caller's.
 */
const SIGNAL_LINKS = 3
const SIGNAL_HOP_BYTES = 246 + 203
const KNOCKS = 2 * 5
export const SIGNAL_PACKETS = 1 + 4 * SIGNAL_LINKS + KNOCKS
export const SIGNAL_BYTES =
  INITIATION_BYTES + SIGNAL_LINKS * (SIGNAL_HOP_BYTES + 2 * ACK_BYTES) + KNOCKS * KNOCK_BYTES
/** main/overlay/transport/dial.ts: a lost initiation is sent again after so long. */
export const FIRST_PAUSE_MS = 400
/** main/overlay/transport/dial.ts: PAUSES_MS, about. */
export const LATER_PAUSE_MS = 800

export function packetsOf(messageBytes: number): number {
  return Math.max(
    1,
    Math.ceil(messageBytes / (DATAGRAM_BYTES - PACKET_OVERHEAD_BYTES - FRAME_OVERHEAD_BYTES)),
  )
}

export function wireBytesOf(messageBytes: number, packets: number): number {
  return messageBytes + packets * (PACKET_OVERHEAD_BYTES + FRAME_OVERHEAD_BYTES)
}

/** RFC 9002 §6.2.1 with a quiet round trip's variance of an eighth. */
export function probeTimeoutMs(rttMs: number): number {
  return Math.max(1.5 * rttMs + MAX_ACK_DELAY_MS, MIN_PROBE_TIMEOUT_MS)
}
