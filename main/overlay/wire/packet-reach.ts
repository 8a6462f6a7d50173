// Three datagrams outside every session: how a node asks at what address it is seen, and how it is found out whether an
// address lets strangers in. They are small, nothing is kept for any, and the answer is never larger than the question.
//
//   observe   7 | nonce 8 | zeros 51: always 60 bytes, as many as the largest answer
//   observed  8 | nonce 8 | address 7 or 19 | token 32
//   knock     9 | nonce 8
//
// The token is the answerer's own business (transport/retry-tokens.ts): brought back to it within its time, with the nonce, it
// shows that somebody at that address asked. None of the three is authenticated. A nonce that the receiver did not
// hand out, or handed out to somebody else, means nothing; so whoever cannot see a nonce cannot answer in another's name.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { Reader, Writer } from './codec.ts'
import { MAX_TOKEN_BYTES } from './packet.ts'
import { readAddress, writeAddress } from './peer-record.ts'

export const PACKET_OBSERVE = 7
export const PACKET_OBSERVED = 8
export const PACKET_KNOCK = 9

export const NONCE_BYTES = 8
/** An IPv6 address is the longest. */
const ADDRESS_BYTES = 19
export const OBSERVE_BYTES = 1 + NONCE_BYTES + ADDRESS_BYTES + MAX_TOKEN_BYTES
const PADDING: Bytes = new Uint8Array(OBSERVE_BYTES - 1 - NONCE_BYTES)

export interface Observed {
  nonce: string
  address: Address
  token: Bytes
}

/** Nonces are sixteen hex digits in memory. */
export function encodeObserve(nonce: string): Bytes {
  return new Writer(OBSERVE_BYTES).u8(PACKET_OBSERVE).hex8(nonce).bytes(PADDING).finish()
}

/** Errors: malformed, also where it is not padded. */
export function decodeObserve(datagram: Uint8Array): string {
  if (datagram.length !== OBSERVE_BYTES) throw new BanyanError('malformed', 'a question without its padding')
  return new Reader(datagram, 1).hex8()
}

export function encodeObserved({ nonce, address, token }: Observed): Bytes {
  const writer = new Writer(OBSERVE_BYTES).u8(PACKET_OBSERVED).hex8(nonce)
  writeAddress(writer, address)
  return writer.bytes(token).finish()
}

/** Errors: malformed. */
export function decodeObserved(datagram: Uint8Array): Observed {
  const reader = new Reader(datagram, 1)
  const observed = {
    nonce: reader.hex8(),
    address: readAddress(reader),
    token: reader.bytes(MAX_TOKEN_BYTES),
  }
  reader.end()
  return observed
}

export function encodeKnock(nonce: string): Bytes {
  return new Writer(1 + NONCE_BYTES).u8(PACKET_KNOCK).hex8(nonce).finish()
}

/** Errors: malformed. */
export function decodeKnock(datagram: Uint8Array): string {
  const reader = new Reader(datagram, 1)
  const nonce = reader.hex8()
  reader.end()
  return nonce
}
