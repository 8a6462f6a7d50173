// What a relay and those it helps say to each other, on the session between them.
//
//   reserve    30 | token 4                                   expect calls for me
//   reserved   31 | token 4 | seconds 4 | circuits 2          expires after so many seconds; holds at most so many circuits
//   refused    32 | token 4 | reason 1                        of a reserve, a connect or a signal
//   connect    33 | token 4 | target 32                       a circuit to this node
//   called     34 | circuit id 8 | caller 32                  relay to target: this would be your end
//   answered   35 | circuit id 8 | is willing 1               target to relay
//   opened     36 | token 4 | circuit id 8                    relay to caller: this is your end
//   closed     37 | circuit id 8 | reason 1                   either way, each with its own end
//   signal     38 | step 1 | token 4 | node 32 | [observed address 7 or 19] | payload n
//   offer      39 | roles 1 | load 1                          a volunteer to its neighbours; load in 255ths
//
// A token is chosen by who asks, and means something to him alone. The steps of a signal: 0 to the server, for the node
// named; 1 from the server, from the node named, seen at the observed address; 2 and 3 are the same for the answer. Steps
// 0 and 2 carry no address: where somebody is, only the server says, who sees it.
// Routed, as an application of its own: a question of no bytes; the answer names volunteers.
//
//   volunteers   n 1 | n x (roles 1 | load 1 | peer record)
//
// Not to be trusted: that the peer is a relay at all, that it has asked the target, what it says of its load, and, in an
// observed address, that the server has not made it up.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import {
  type PeerRecord,
  type RecordSource,
  readAddress,
  readPeerRecord,
  writeAddress,
  writePeerRecord,
} from './peer-record.ts'

/** Chosen: candidates, times and keys of a handshake; one packet on every path. */
export const MAX_SIGNAL_BYTES = 1024

/** Why a relay says no, or ends a circuit. On the wire the place in this list; append only. */
export const RELAY_REASONS = [
  'other',
  'not-offered', // this node helps nobody now
  'circuits-full', // all circuits that the person allows are in use
  'peer-limit', // too much asked for by one node
  'range-limit', // too much asked for from one address range
  'no-reservation', // neither end has asked to be expected here
  'not-here', // the target has no session with this relay
  'unwilling', // the target does not want to
  'too-fast', // asked too often
  'used-up', // the bytes of this month are used up
  'indirect', // the peer is not seen at an address of its own
  'done', // an end has closed it
  'idle',
  'expired', // a circuit does not last for ever
  'gone', // the other end's session with the relay has ended
] as const
export type RelayReason = (typeof RELAY_REASONS)[number]

export interface Reserved {
  readonly token: number
  readonly seconds: number
  readonly circuits: number
}

export interface Signal {
  /** Whether it answers one, and whether the server has passed it. */
  readonly isAnswer: boolean
  readonly token: number
  /** Whom it is for; from whom, where it was passed. */
  readonly node: NodeId
  /** Where the server sees that node; of one that was passed. */
  readonly observed: Address | undefined
  readonly payload: Uint8Array
}

export interface Offer {
  readonly isRelay: boolean
  readonly isHandshakeServer: boolean
  /** 0 to 1. */
  readonly load: number
}

/** Chosen: whoever asks wants three. */
export const MAX_NAMED_VOLUNTEERS = 4

const ROLE_RELAY = 1
const ROLE_HANDSHAKE_SERVER = 2
const FULL_LOAD = 255
const STEP_ANSWER = 2
const STEP_PASSED = 1

export function encodeReserve(token: number): Bytes {
  return new Writer(5).u8(MESSAGE.relayReserve).u32(token).finish()
}

export function decodeReserve(reader: Reader): number {
  return ended(reader, reader.u32())
}

export function encodeReserved({ token, seconds, circuits }: Reserved): Bytes {
  return new Writer(11).u8(MESSAGE.relayReserved).u32(token).u32(seconds).u16(circuits).finish()
}

export function decodeReserved(reader: Reader): Reserved {
  return ended(reader, { token: reader.u32(), seconds: reader.u32(), circuits: reader.u16() })
}

export function encodeRefused(token: number, reason: RelayReason): Bytes {
  return new Writer(6).u8(MESSAGE.relayRefused).u32(token).u8(RELAY_REASONS.indexOf(reason)).finish()
}

export function decodeRefused(reader: Reader): { token: number; reason: RelayReason } {
  return ended(reader, { token: reader.u32(), reason: readReason(reader) })
}

export function encodeConnect(token: number, target: NodeId): Bytes {
  return new Writer(37).u8(MESSAGE.relayConnect).u32(token).id(target).finish()
}

export function decodeConnect(reader: Reader): { token: number; target: NodeId } {
  return ended(reader, { token: reader.u32(), target: reader.id() })
}

export function encodeCalled(circuitId: number, caller: NodeId): Bytes {
  return new Writer(41).u8(MESSAGE.relayCalled).u64(circuitId).id(caller).finish()
}

export function decodeCalled(reader: Reader): { circuitId: number; caller: NodeId } {
  return ended(reader, { circuitId: reader.u64(), caller: reader.id() })
}

export function encodeAnswered(circuitId: number, isWilling: boolean): Bytes {
  return new Writer(10)
    .u8(MESSAGE.relayAnswered)
    .u64(circuitId)
    .u8(isWilling ? 1 : 0)
    .finish()
}

export function decodeAnswered(reader: Reader): { circuitId: number; isWilling: boolean } {
  return ended(reader, { circuitId: reader.u64(), isWilling: reader.u8() === 1 })
}

export function encodeOpened(token: number, circuitId: number): Bytes {
  return new Writer(13).u8(MESSAGE.relayOpened).u32(token).u64(circuitId).finish()
}

export function decodeOpened(reader: Reader): { token: number; circuitId: number } {
  return ended(reader, { token: reader.u32(), circuitId: reader.u64() })
}

export function encodeClosed(circuitId: number, reason: RelayReason): Bytes {
  return new Writer(10).u8(MESSAGE.relayClosed).u64(circuitId).u8(RELAY_REASONS.indexOf(reason)).finish()
}

export function decodeClosed(reader: Reader): { circuitId: number; reason: RelayReason } {
  return ended(reader, { circuitId: reader.u64(), reason: readReason(reader) })
}

/** Errors: too-large. */
export function encodeSignal({ isAnswer, token, node, observed, payload }: Signal): Bytes {
  if (payload.length > MAX_SIGNAL_BYTES)
    throw new BanyanError('too-large', `a signal of ${payload.length} bytes`)
  const step = (isAnswer ? STEP_ANSWER : 0) + (observed ? STEP_PASSED : 0)
  const writer = new Writer(64 + payload.length).u8(MESSAGE.relaySignal).u8(step).u32(token).id(node)
  if (observed) writeAddress(writer, observed)
  return writer.bytes(payload).finish()
}

export function decodeSignal(reader: Reader): Signal {
  const step = reader.u8()
  if (step > STEP_ANSWER + STEP_PASSED) throw new BanyanError('malformed', `a signal's step ${step}`)
  const token = reader.u32()
  const node = reader.id()
  const observed = (step & STEP_PASSED) === 0 ? undefined : readAddress(reader)
  if (observed && isCircuit(observed)) throw new BanyanError('malformed', 'a circuit is seen nowhere')
  if (reader.remaining > MAX_SIGNAL_BYTES)
    throw new BanyanError('too-large', `a signal of ${reader.remaining} bytes`)
  return { isAnswer: (step & STEP_ANSWER) !== 0, token, node, observed, payload: reader.rest() }
}

export function encodeOffer(offer: Offer): Bytes {
  return writeOffer(new Writer(3).u8(MESSAGE.relayOffer), offer).finish()
}

export function decodeOffer(reader: Reader): Offer {
  return ended(reader, readOffer(reader))
}

function writeOffer(writer: Writer, { isRelay, isHandshakeServer, load }: Offer): Writer {
  const roles = (isRelay ? ROLE_RELAY : 0) + (isHandshakeServer ? ROLE_HANDSHAKE_SERVER : 0)
  return writer.u8(roles).u8(Math.round(FULL_LOAD * Math.min(1, Math.max(0, load))))
}

/** Roles of a later version are passed over. */
function readOffer(reader: Reader): Offer {
  const roles = reader.u8()
  return {
    isRelay: (roles & ROLE_RELAY) !== 0,
    isHandshakeServer: (roles & ROLE_HANDSHAKE_SERVER) !== 0,
    load: reader.u8() / FULL_LOAD,
  }
}

export function encodeVolunteers(volunteers: readonly { record: PeerRecord; offer: Offer }[]): Bytes {
  const named = volunteers.slice(0, MAX_NAMED_VOLUNTEERS)
  const writer = new Writer(768).u8(named.length)
  for (const { record, offer } of named) {
    writeOffer(writer, offer)
    writePeerRecord(writer, record)
  }
  return writer.finish()
}

/** The records are to be verified. Errors: malformed, too-large. */
export function decodeVolunteers(
  payload: Uint8Array,
  source: RecordSource,
): { record: PeerRecord; offer: Offer }[] {
  const reader = new Reader(payload)
  const count = reader.u8()
  if (count > MAX_NAMED_VOLUNTEERS) throw new BanyanError('too-large', `${count} volunteers in one answer`)
  const volunteers = Array.from({ length: count }, () => ({
    offer: readOffer(reader),
    record: readPeerRecord(reader, source),
  }))
  return ended(reader, volunteers)
}

/** A reason of a later version is some reason, too. */
function readReason(reader: Reader): RelayReason {
  return RELAY_REASONS[reader.u8()] ?? 'other'
}

function ended<T>(reader: Reader, message: T): T {
  reader.end()
  return message
}
