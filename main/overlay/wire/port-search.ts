// On a session over a relay, between one whose NAT gives every destination another port and one whose NAT keeps to one port but
// lets in only what was sent to: both look for a pair of ports that fits (reach/port-search.ts).
//
//   41 | 0, or 1 in an answer | nonce 8 | address 7 or 19 | step 2 | zeros, any number
//
// In the request the address is the NAT's of who asks: with a step, signed, its ports from this one on, so far apart; without, any
// port. In the answer it is where the other is to be found, and the step is 0. The zeros pay: who reads it sends three
// times its length at most.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { type Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { readAddress, writeAddress } from './peer-record.ts'

export interface PortSearchMessage {
  readonly isAnswer: boolean
  /** Sixteen hex digits. */
  readonly nonce: string
  readonly address: Address
  /** -32,768 to 32,767; 0 for ports by chance. */
  readonly step: number
}

const SIGN = 0x8000
const RANGE = 0x1_0000

/** Padded with zeros to `leastBytes`. */
export function encodePortSearch(message: PortSearchMessage, leastBytes: number): Bytes {
  const writer = new Writer(64).u8(MESSAGE.portSearch).u8(message.isAnswer ? 1 : 0)
  writeAddress(writer.hex8(message.nonce), message.address)
  const bytes = writer.u16((message.step + RANGE) % RANGE).finish()
  const all = new Uint8Array(Math.max(leastBytes, bytes.length))
  all.set(bytes)
  return all
}

/** With the bytes of the whole. Errors: malformed. */
export function decodePortSearch(body: Reader): PortSearchMessage & { bytes: number } {
  const isAnswer = body.u8() === 1
  const nonce = body.hex8()
  const address = readAddress(body)
  const unsigned = body.u16()
  const step = unsigned >= SIGN ? unsigned - RANGE : unsigned
  const padding = body.rest()
  if (isCircuit(address)) throw new BanyanError('malformed', 'a circuit is nobody’s address')
  if (padding.some((byte) => byte !== 0)) throw new BanyanError('malformed', 'padding of other than zeros')
  return { isAnswer, nonce, address, step, bytes: padding.length }
}
