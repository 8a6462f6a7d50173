// How nodes help each other to find out who reaches them. On the sessions between three nodes: A asks, B has a session with
// A, C has one with B and none with A.
//
//   knock ask     22 | nonce 8 | who 1: 1 a stranger, 2 another port of yours          A to B: at the address where you see me
//   knock order   23 | nonce 8 | asker 32 | address 7 or 19                            B to C
//   knock done    24 | nonce 8 | status 1                                              C to B
//   knock answer  25 | nonce 8 | status 1 | address 7 or 19 knocked at | port 2        B to A; the port it came from, or 0
//   knock token   26 | nonce 8 | asked nonce 8 | token 32 | address 7 or 19            A to B: where I was when I asked
//
//   status: 1 knocked, 2 no stranger at hand, 3 has a session with the asker, 4 over a limit, 5 cannot,
//           6 the token does not hold
//
// A names no address: B takes the one at which it has proved A to be, or the one that its own token names. C cannot check the
// order's address; what B makes of C is one packet of 9 bytes for one of more than 60, within C's limits.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { MAX_TOKEN_BYTES } from './packet.ts'
import { readAddress, writeAddress } from './peer-record.ts'

export const KNOCKERS = ['stranger', 'other-port'] as const
export type Knocker = (typeof KNOCKERS)[number]

export const KNOCK_STATUSES = ['knocked', 'nobody', 'linked', 'limit', 'cannot', 'bad-token'] as const
export type KnockStatus = (typeof KNOCK_STATUSES)[number]

export interface KnockAsk {
  nonce: string
  who: Knocker
}

export interface KnockOrder {
  nonce: string
  asker: NodeId
  address: Address
}

export interface KnockDone {
  nonce: string
  status: KnockStatus
}

export interface KnockAnswer extends KnockDone {
  address: Address
  /** The port that the knock was sent from, where it is not the usual one; else 0. */
  port: number
}

export interface KnockToken {
  nonce: string
  /** Of the observe that the token answers. */
  askedNonce: string
  token: Bytes
  address: Address
}

export function encodeKnockAsk({ nonce, who }: KnockAsk): Bytes {
  return new Writer(10)
    .u8(MESSAGE.knockAsk)
    .hex8(nonce)
    .u8(1 + KNOCKERS.indexOf(who))
    .finish()
}

export function decodeKnockAsk(reader: Reader): KnockAsk {
  const ask = { nonce: reader.hex8(), who: oneOf(KNOCKERS, reader.u8()) }
  reader.end()
  return ask
}

export function encodeKnockOrder({ nonce, asker, address }: KnockOrder): Bytes {
  const writer = new Writer(60).u8(MESSAGE.knockOrder).hex8(nonce).id(asker)
  writeAddress(writer, address)
  return writer.finish()
}

export function decodeKnockOrder(reader: Reader): KnockOrder {
  const order = { nonce: reader.hex8(), asker: reader.id(), address: readAddress(reader) }
  reader.end()
  return order
}

export function encodeKnockDone({ nonce, status }: KnockDone): Bytes {
  return new Writer(10).u8(MESSAGE.knockDone).hex8(nonce).u8(numberOf(status)).finish()
}

export function decodeKnockDone(reader: Reader): KnockDone {
  const done = { nonce: reader.hex8(), status: oneOf(KNOCK_STATUSES, reader.u8()) }
  reader.end()
  return done
}

export function encodeKnockAnswer({ nonce, status, address, port }: KnockAnswer): Bytes {
  const writer = new Writer(31).u8(MESSAGE.knockAnswer).hex8(nonce).u8(numberOf(status))
  writeAddress(writer, address)
  return writer.u16(port).finish()
}

export function decodeKnockAnswer(reader: Reader): KnockAnswer {
  const nonce = reader.hex8()
  const status = oneOf(KNOCK_STATUSES, reader.u8())
  const answer = { nonce, status, address: readAddress(reader), port: reader.u16() }
  reader.end()
  return answer
}

export function encodeKnockToken({ nonce, askedNonce, token, address }: KnockToken): Bytes {
  const writer = new Writer(68).u8(MESSAGE.knockToken).hex8(nonce).hex8(askedNonce).bytes(token)
  writeAddress(writer, address)
  return writer.finish()
}

export function decodeKnockToken(reader: Reader): KnockToken {
  const [nonce, askedNonce] = [reader.hex8(), reader.hex8()]
  const request = { nonce, askedNonce, token: reader.bytes(MAX_TOKEN_BYTES), address: readAddress(reader) }
  reader.end()
  return request
}

function numberOf(status: KnockStatus): number {
  return 1 + KNOCK_STATUSES.indexOf(status)
}

function oneOf<T>(all: readonly T[], number: number): T {
  const found = all[number - 1]
  if (found === undefined) throw new BanyanError('malformed', `${number} is none of ${all.length}`)
  return found
}
