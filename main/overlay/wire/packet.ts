// The datagrams between two endpoints. The first byte says which kind; everything else is sealed or checked before use.
//
//   initiation  1 | version 1 | network tag 4 | token length 1 | token n | zeros 32 - n | Noise IK message 1 (1,161)
//   response    2 | initiator's connection id 8 | Noise IK message 2
//   retry       3 | echo 8 | token n (1 to 32)
//   refusal     4 | reason 1 | echo 8
//   sealed      5, or 133 in an odd key phase | receiver's connection id 8 | packet number 4 | ciphertext n | tag 16
//   carried     6 | circuit id 8 | one of the above, on its way through a relay (carried-packet.ts)
//
// A connection id is chosen by the one who receives under it: 53 random bits in 8 bytes. The packet number on the wire
// is the low 32 bits of the true one. The whole header of a sealed packet is authenticated, none of it is encrypted.
// An initiation is always 1,200 bytes. Its token has room of its own: the same Noise message goes out with a token or
// without. It cannot be sealed anew for a token, because its key is good for one message (RFC 8439 §4).
// Retry and refusal are not authenticated; the echo (the first bytes of the initiation's ephemeral key) shows that their
// sender saw the initiation. A refusal may change the words of a failure, never make one. A token is bytes to whoever
// carries it; only the endpoint that made it reads it (transport/retry-tokens.ts).

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { TAG_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'

export const PROTOCOL_VERSION = 3

/** What every path must carry (RFC 9000 §14): the size of an initiation, and of all packets until more is known of the path. */
export const DATAGRAM_BYTES = 1200
/** UDP over IPv4 (RFC 768, RFC 791): 65,535 less two headers. No sealed packet is larger. */
export const MAX_DATAGRAM_BYTES = 65_507

export const PACKET_INITIATION = 1
export const PACKET_RESPONSE = 2
export const PACKET_RETRY = 3
export const PACKET_REFUSAL = 4
export const PACKET_SEALED = 5
/** The same, sealed with a key of an odd phase (transport/key-phases.ts): the bit that tells it is the highest of the kind. */
export const PACKET_SEALED_ODD = 0x80 | PACKET_SEALED

export const CONNECTION_ID_BYTES = 8
export const NETWORK_TAG_BYTES = 4
export const ECHO_BYTES = 8
/** Chosen: a whole HMAC-SHA-512-256, so that a token may be nothing else. */
export const MAX_TOKEN_BYTES = 32
export const SEALED_HEADER_BYTES = 1 + CONNECTION_ID_BYTES + 4
/** Of a sealed packet, what is not frames. */
export const SEALED_OVERHEAD_BYTES = SEALED_HEADER_BYTES + TAG_BYTES
/** What is left for frames of a datagram of the size that every path carries. */
export const MAX_FRAMES_BYTES = DATAGRAM_BYTES - SEALED_OVERHEAD_BYTES

export const REFUSED_NETWORK = 1
export const REFUSED_VERSION = 2

const INITIATION_HEADER_BYTES = 1 + 1 + NETWORK_TAG_BYTES + 1 + MAX_TOKEN_BYTES
/** What an initiation leaves to its Noise message, no more and no less. */
export const NOISE_HELLO_BYTES = DATAGRAM_BYTES - INITIATION_HEADER_BYTES
const TOKEN_ROOM: Bytes = new Uint8Array(MAX_TOKEN_BYTES)

const TRUNCATION = 2 ** 32

export interface Initiation {
  version: number
  networkTag: Bytes
  /** Empty where the caller was not asked for one. */
  token: Bytes
  noise: Bytes
}

export function encodeInitiation(initiation: Initiation): Bytes {
  const { version, networkTag, token, noise } = initiation
  const writer = new Writer(DATAGRAM_BYTES).u8(PACKET_INITIATION).u8(version).bytes(networkTag)
  return writer.u8(token.length).bytes(token).bytes(TOKEN_ROOM.subarray(token.length)).bytes(noise).finish()
}

/** Errors: malformed, also where the datagram is not padded to full size (RFC 9000 §8.1). */
export function decodeInitiation(datagram: Uint8Array): Initiation {
  if (datagram.length !== DATAGRAM_BYTES)
    throw new BanyanError('malformed', 'an initiation that is not padded')
  const reader = new Reader(datagram)
  reader.u8()
  const version = reader.u8()
  const networkTag = reader.bytes(NETWORK_TAG_BYTES)
  const tokenBytes = reader.u8()
  if (tokenBytes > MAX_TOKEN_BYTES) throw new BanyanError('too-large', `a retry token of ${tokenBytes} bytes`)
  const token = reader.bytes(tokenBytes)
  reader.bytes(MAX_TOKEN_BYTES - tokenBytes)
  return { version, networkTag, token, noise: reader.rest() }
}

export interface Response {
  connectionId: number
  noise: Bytes
}

export function encodeResponse(response: Response): Bytes {
  return new Writer(512).u8(PACKET_RESPONSE).u64(response.connectionId).bytes(response.noise).finish()
}

export function decodeResponse(datagram: Uint8Array): Response {
  const reader = new Reader(datagram)
  reader.u8()
  return { connectionId: reader.u64(), noise: reader.rest() }
}

export interface Retry {
  echo: Bytes
  token: Bytes
}

export function encodeRetry(retry: Retry): Bytes {
  return new Writer(64).u8(PACKET_RETRY).bytes(retry.echo).bytes(retry.token).finish()
}

/** Errors: malformed, also where there is no token; too-large. */
export function decodeRetry(datagram: Uint8Array): Retry {
  const reader = new Reader(datagram)
  reader.u8()
  const retry = { echo: reader.bytes(ECHO_BYTES), token: reader.rest() }
  if (retry.token.length === 0) throw new BanyanError('malformed', 'a retry without a token')
  if (retry.token.length > MAX_TOKEN_BYTES)
    throw new BanyanError('too-large', `a retry token of ${retry.token.length} bytes`)
  return retry
}

export interface Refusal {
  reason: number
  echo: Bytes
}

export function encodeRefusal(refusal: Refusal): Bytes {
  return new Writer(16).u8(PACKET_REFUSAL).u8(refusal.reason).bytes(refusal.echo).finish()
}

export function decodeRefusal(datagram: Uint8Array): Refusal {
  const reader = new Reader(datagram)
  reader.u8()
  const refusal = { reason: reader.u8(), echo: reader.bytes(ECHO_BYTES) }
  reader.end()
  return refusal
}

export function writeSealedHeader(
  out: Uint8Array,
  connectionId: number,
  packetNumber: number,
  keyPhase: number,
): void {
  out[0] = keyPhase % 2 === 1 ? PACKET_SEALED_ODD : PACKET_SEALED
  writeU32(out, 1, Math.floor(connectionId / TRUNCATION))
  writeU32(out, 5, connectionId % TRUNCATION)
  writeU32(out, 9, packetNumber % TRUNCATION)
}

/** Whether a sealed packet says that its key is of an odd phase. */
export function isOddPhase(datagram: Uint8Array): boolean {
  return datagram[0] === PACKET_SEALED_ODD
}

/** The connection id of a sealed packet. Errors: malformed where it cannot hold a header, one frame and a tag. */
export function connectionIdOf(datagram: Uint8Array): number {
  if (datagram.length <= SEALED_HEADER_BYTES + TAG_BYTES)
    throw new BanyanError('malformed', 'a packet without frames')
  return readU32(datagram, 1) * TRUNCATION + readU32(datagram, 5)
}

/** The full packet number: the one nearest to the next expected that ends in the 32 bits sent (RFC 9000 §A.3). */
export function packetNumberOf(datagram: Uint8Array, largestReceived: number): number {
  const expected = largestReceived + 1
  const candidate = expected - (expected % TRUNCATION) + readU32(datagram, 9)
  if (candidate <= expected - TRUNCATION / 2) return candidate + TRUNCATION
  if (candidate > expected + TRUNCATION / 2 && candidate >= TRUNCATION) return candidate - TRUNCATION
  return candidate
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
