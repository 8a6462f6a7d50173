// A message that finds its way to a key, and the answer that finds its way back.
//
//   routed  5 | request id 8 | key 32 | application 1 | flags 1 | hops 1 | offset 1 (signed) | detours left 1
//             | source 32 | key hops 1 | bound, where flags say so: target 32, hops 1
//             | n 1 | n x visited 8 | length 4 | payload
//   reply   6 | request id 8 | status 1 | hops 1 | responder 32 | length 4 | payload
//
// flags: bit 0 = exact (only the node whose id is the key may answer), bit 1 = a bound follows, bit 2 = on the way along
// records to the bound's target. Key hops: of the record for the key that was followed last, 255 for none. The source, the hop count, the bound and the visited list are claims of whoever relayed the
// message: they bound its way, and nothing is decided on them that costs others.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type PathBound } from '../ports/paths.ts'
import { type Reader, Writer } from './codec.ts'
import { readHints, writeHints } from './id-hints.ts'
import { MESSAGE } from './message-types.ts'

export interface RoutedMessage {
  /** 16 hex digits, chosen at random by the source for each attempt. */
  requestId: string
  key: Id
  application: number
  isExact: boolean
  hops: number
  offset: number
  detoursLeft: number
  source: NodeId
  /** A record for the key itself is followed only with fewer hops than this. */
  keyHops: number
  /** How far it came along records of another node, closer to the key than where it was. */
  bound?: PathBound | undefined
  /** The hop it is on was chosen by a record. */
  isFollowing: boolean
  /** Hints (id-hints.ts). */
  visited: string[]
  payload: Bytes
}

/** ok, or why not: no way on; the exact node is not here; the application at the root failed. */
export const REPLY = { ok: 0, deadEnd: 1, notHere: 2, failed: 3 } as const
export type ReplyStatus = (typeof REPLY)[keyof typeof REPLY]

export interface RoutedReply {
  requestId: string
  status: ReplyStatus
  hops: number
  responder: NodeId
  payload: Bytes
}

export const REQUEST_ID_BYTES = 8
/** Ways in a network of millions take 6 hops and 8 detours; across a radio mesh of 400, 50 for one in a hundred. */
export const MAX_HOPS = 128
export const MAX_VISITED = 24
export const MAX_DETOURS = 16
/** A publication or a record of 64 KiB with what its application writes around it. */
export const MAX_ROUTED_BYTES = 64 * 1024 + 512
export const NO_KEY_HOPS = 255
const FLAG_EXACT = 1
const FLAG_BOUND = 2
const FLAG_FOLLOWING = 4

export function encodeRouted(message: RoutedMessage): Bytes {
  if (message.payload.length > MAX_ROUTED_BYTES)
    throw new BanyanError('too-large', 'a routed payload past 64 KiB')
  const writer = new Writer(160 + message.payload.length).u8(MESSAGE.routed)
  writer.hex8(message.requestId).id(message.key).u8(message.application).u8(flagsOf(message))
  writer
    .u8(message.hops)
    .u8(message.offset & 255)
    .u8(message.detoursLeft)
    .id(message.source)
    .u8(message.keyHops)
  const { bound } = message
  if (bound) writer.id(bound.target).u8(bound.hops)
  const visited = message.visited.slice(-MAX_VISITED)
  writeHints(writer, visited, MAX_VISITED)
  return writer.bytes32(message.payload).finish()
}

export function decodeRouted(reader: Reader): RoutedMessage {
  const requestId = reader.hex8()
  const key = reader.id()
  const application = reader.u8()
  const flags = reader.u8()
  const hops = reader.u8()
  if (hops > MAX_HOPS) throw new BanyanError('malformed', 'a message past its hop limit')
  const offset = (reader.u8() << 24) >> 24
  const detoursLeft = Math.min(reader.u8(), MAX_DETOURS)
  const source = reader.id()
  const keyHops = reader.u8()
  const bound = flags & FLAG_BOUND ? readBound(reader) : undefined
  const visited = readHints(reader, MAX_VISITED)
  const payload = reader.view32(MAX_ROUTED_BYTES)
  reader.end()
  return {
    requestId,
    key,
    application,
    isExact: (flags & FLAG_EXACT) !== 0,
    hops,
    offset,
    detoursLeft,
    source,
    keyHops,
    bound,
    isFollowing: bound !== undefined && (flags & FLAG_FOLLOWING) !== 0,
    visited,
    payload,
  }
}

function flagsOf({ isExact, bound, isFollowing }: RoutedMessage): number {
  return (isExact ? FLAG_EXACT : 0) | (bound ? FLAG_BOUND : 0) | (isFollowing ? FLAG_FOLLOWING : 0)
}

function readBound(reader: Reader): PathBound {
  return { target: reader.id(), hops: reader.u8() }
}

export function encodeReply(reply: RoutedReply): Bytes {
  if (reply.payload.length > MAX_ROUTED_BYTES) throw new BanyanError('too-large', 'an answer past 64 KiB')
  const writer = new Writer(64 + reply.payload.length).u8(MESSAGE.routedReply)
  return writer
    .hex8(reply.requestId)
    .u8(reply.status)
    .u8(reply.hops)
    .id(reply.responder)
    .bytes32(reply.payload)
    .finish()
}

export function decodeReply(reader: Reader): RoutedReply {
  const requestId = reader.hex8()
  const status = reader.u8()
  if (status > REPLY.failed) throw new BanyanError('malformed', `reply status ${status}`)
  const hops = reader.u8()
  const responder = reader.id()
  const payload = reader.view32(MAX_ROUTED_BYTES)
  reader.end()
  return { requestId, status: status as ReplyStatus, hops, responder, payload }
}
