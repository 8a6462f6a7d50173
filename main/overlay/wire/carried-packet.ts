// A datagram on its way through a relay.
//
//   carried   6 | circuit id 8 | the datagram n
//
// The relay gives each end of a circuit a circuit id of its own, 53 random bits, which stands in the packets of both
// directions between that end and the relay; passing on is changing the one for the other. Nothing is sealed for the relay's
// sake: what is inside is sealed between the ends already (as in ChannelData, RFC 8656 §12.4). Only packets of sessions are
// carried: whatever else begins with another byte is about addresses, and a circuit has none to speak of.

import { type Bytes } from '../base/bytes.ts'
import {
  PACKET_INITIATION,
  PACKET_REFUSAL,
  PACKET_RESPONSE,
  PACKET_RETRY,
  PACKET_SEALED,
  PACKET_SEALED_ODD,
} from './packet.ts'

export const PACKET_CARRIED = 6
export const CARRIED_HEADER_BYTES = 9

const CARRIED_KINDS = new Set<number>([
  PACKET_INITIATION,
  PACKET_RESPONSE,
  PACKET_RETRY,
  PACKET_REFUSAL,
  PACKET_SEALED,
  PACKET_SEALED_ODD,
])
const TRUNCATION = 2 ** 32

/** Whether a whole datagram is one that carries another, which may be nonsense. */
export function isCarried(datagram: Uint8Array): boolean {
  return datagram[0] === PACKET_CARRIED
}

/** Whether what it carries may be a packet of a session. */
export function carriesPacket(datagram: Uint8Array): boolean {
  return datagram.length > CARRIED_HEADER_BYTES && CARRIED_KINDS.has(datagram[CARRIED_HEADER_BYTES]!)
}

/** Of a datagram that `carriesPacket`. An id past 2^53 is none that was given. */
export function circuitIdOf(datagram: Uint8Array): number {
  return readU32(datagram, 1) * TRUNCATION + readU32(datagram, 5)
}

/** Writes the header at the start of `datagram`. */
export function writeCarriedHeader(datagram: Bytes, circuitId: number): void {
  datagram[0] = PACKET_CARRIED
  writeU32(datagram, 1, Math.floor(circuitId / TRUNCATION))
  writeU32(datagram, 5, circuitId % TRUNCATION)
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}
