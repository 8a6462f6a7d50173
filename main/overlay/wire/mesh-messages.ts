// The links of a mesh. Every message but the heartbeat begins with its number and the mesh:
//
//   subscribe  60 | mesh 32 | steps 1 | hops 1 | join            steps left of the walk to a contact; 255: a copy seeks a holder
//   hello      61 | mesh 32 | role 1 | join                      1: I hold you in my view; 2: I was your contact, hold me
//   drop       62 | mesh 32 | reason 1                           1: I hold you no longer; 2: I am no member, or know you for none
//   leave      63 | mesh 32 | has 1 | join                       I leave; take that one in my place, where there is one
//   heartbeat  64 | n 1 | n x mesh 32                            holder to held: in these I hold you
//   payload    65 | mesh 32 | hops 1 | author 32 | number 8 | signature 64 | payload
//   announce   66 | mesh 32 | asks 1 | n 1 | n x (message id 16 | hops 1)      asks 1: and tell me what you have; 2: ... since these
//   prune      67 | mesh 32 | firm 1                             send me announcements only; firm 0: unless you need this link
//   graft      68 | mesh 32 | n 1 | n x message id 16            send me payloads, first of all these
//
// A join stands in mesh-join.ts. The author's node key signs LABEL, the mesh, the number and the payload; the number grows with
// each of its messages. A message id is the first 16 bytes of BLAKE2b-256 over mesh, author, number and payload: the signature
// is left out, because one message may have several. Of hops nothing must be trusted but that lies about them cost the liar's
// neighbours a longer way.

import { type Bytes, concat, isHexAt, toHex, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, ID_BYTES, idToBytes, type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { type MeshJoin, readMeshJoin, writeMeshJoin } from './mesh-join.ts'
import { MESSAGE } from './message-types.ts'
import { nodeIdOf, puzzleBits, type RecordSource } from './peer-record.ts'

const LABEL = utf8('banyan mesh broadcast')
/** As a publication's: chosen. Larger things are fetched, not broadcast. */
export const MAX_BROADCAST_BYTES = 64 * 1024
export const MAX_ANNOUNCED = 64
export const MAX_MESHES_PER_HEARTBEAT = 64
/** In place of the steps left: the subscription has found its contact, and this is one of the copies. */
export const COPY = 255
/** Chosen: a walk this long has forgotten where it began, in any network there is. */
export const MAX_STEPS = 32
const MESSAGE_ID_BYTES = 16
/** Where the signed part of a payload message begins, and where its hops stand. */
const HOPS_AT = 1 + ID_BYTES
const SIGNED_AT = HOPS_AT + 1
/** Where steps and hops of a subscription stand. */
const STEPS_AT = 1 + ID_BYTES

/** The first 16 bytes of its hash, in hex. */
export type MessageId = string & { readonly brand: 'MessageId' }

export const HELLO_ROLE = { holder: 1, contact: 2 } as const
export type HelloRole = (typeof HELLO_ROLE)[keyof typeof HELLO_ROLE]

export const DROP_REASON = { released: 1, stranger: 2 } as const
export type DropReason = (typeof DROP_REASON)[keyof typeof DROP_REASON]

export interface MeshSubscribe {
  steps: number
  hops: number
  join: MeshJoin
}

export interface Announced {
  id: MessageId
  hops: number
}

export interface MeshBroadcast {
  author: Bytes
  number: number
  signature: Bytes
  payload: Bytes
}

function begin(type: number, mesh: Id, capacity = 64): Writer {
  return new Writer(capacity).u8(type).id(mesh)
}

// --- membership ---

export function encodeMeshSubscribe(mesh: Id, { steps, hops, join }: MeshSubscribe): Bytes {
  return writeMeshJoin(begin(MESSAGE.meshSubscribe, mesh, 384).u8(steps).u8(hops), join).finish()
}

/** The same subscription one hop on, without taking its join apart. */
export function passedOn(message: Uint8Array, steps: number, hops: number): Bytes {
  const copy = message.slice() as Bytes
  copy[STEPS_AT] = steps
  copy[STEPS_AT + 1] = hops
  return copy
}

export function decodeMeshSubscribe(reader: Reader, source: RecordSource): MeshSubscribe {
  const steps = reader.u8()
  if (steps > MAX_STEPS && steps !== COPY) throw new BanyanError('too-large', `a walk of ${steps} steps`)
  const message = { steps, hops: reader.u8(), join: readMeshJoin(reader, source) }
  reader.end()
  return message
}

export function encodeMeshHello(mesh: Id, role: HelloRole, join: MeshJoin): Bytes {
  return writeMeshJoin(begin(MESSAGE.meshHello, mesh, 384).u8(role), join).finish()
}

export function decodeMeshHello(reader: Reader, source: RecordSource): { role: HelloRole; join: MeshJoin } {
  const role = reader.u8()
  if (role !== HELLO_ROLE.holder && role !== HELLO_ROLE.contact)
    throw new BanyanError('malformed', `role ${role} in a mesh`)
  const join = readMeshJoin(reader, source)
  reader.end()
  return { role, join }
}

export function encodeMeshLeave(mesh: Id, replacement: MeshJoin | undefined): Bytes {
  const writer = begin(MESSAGE.meshLeave, mesh, 384).u8(replacement ? 1 : 0)
  return (replacement ? writeMeshJoin(writer, replacement) : writer).finish()
}

export function decodeMeshLeave(reader: Reader, source: RecordSource): MeshJoin | undefined {
  const has = reader.u8()
  if (has > 1) throw new BanyanError('malformed', 'neither a replacement nor none')
  const replacement = has === 1 ? readMeshJoin(reader, source) : undefined
  reader.end()
  return replacement
}

export function encodeMeshDrop(mesh: Id, reason: DropReason): Bytes {
  return begin(MESSAGE.meshDrop, mesh).u8(reason).finish()
}

export function decodeMeshDrop(reader: Reader): DropReason {
  const reason = reader.u8()
  reader.end()
  if (reason !== DROP_REASON.released && reason !== DROP_REASON.stranger)
    throw new BanyanError('malformed', `reason ${reason} in a mesh`)
  return reason
}

export function encodeMeshPrune(mesh: Id, isFirm: boolean): Bytes {
  return begin(MESSAGE.meshPrune, mesh)
    .u8(isFirm ? 1 : 0)
    .finish()
}

/** Whether it is firm. */
export function decodeMeshPrune(reader: Reader): boolean {
  const firm = reader.u8()
  reader.end()
  if (firm > 1) throw new BanyanError('malformed', 'neither a firm prune nor another')
  return firm === 1
}

export function encodeMeshHeartbeat(meshes: readonly Id[]): Bytes {
  const kept = meshes.slice(0, MAX_MESHES_PER_HEARTBEAT)
  const writer = new Writer(2 + ID_BYTES * kept.length).u8(MESSAGE.meshHeartbeat).u8(kept.length)
  for (const mesh of kept) writer.id(mesh)
  return writer.finish()
}

export function decodeMeshHeartbeat(reader: Reader): Id[] {
  const meshes = reader.ids(MAX_MESHES_PER_HEARTBEAT)
  reader.end()
  return meshes
}

// --- broadcasts ---

export function signBroadcast(
  crypto: Crypto,
  pair: KeyPair,
  mesh: Id,
  number: number,
  payload: Bytes,
): MeshBroadcast {
  const signature = crypto.sign(signedBytes(mesh, number, payload), pair.secretKey)
  return { author: pair.publicKey, number, signature, payload }
}

/** The author's id. Errors: bad-signature, bad-puzzle. */
export function verifyBroadcast(
  crypto: Crypto,
  network: { puzzleBits: number },
  mesh: Id,
  broadcast: MeshBroadcast,
): NodeId {
  const { author, number, signature, payload } = broadcast
  const id = nodeIdOf(crypto, author)
  if (puzzleBits(crypto, idToBytes(id)) < network.puzzleBits)
    throw new BanyanError('bad-puzzle', 'the author is cheaper than this network asks')
  if (!crypto.verify(signedBytes(mesh, number, payload), signature, author))
    throw new BanyanError('bad-signature', 'a broadcast that its author did not sign')
  return id
}

function signedBytes(mesh: Id, number: number, payload: Bytes): Bytes {
  return concat(LABEL, idToBytes(mesh), new Writer(8).u64(number).finish(), payload)
}

export function messageIdOf(crypto: Crypto, mesh: Id, broadcast: MeshBroadcast): MessageId {
  const { author, number, payload } = broadcast
  const digest = crypto.hash(idToBytes(mesh), author, new Writer(8).u64(number).finish(), payload)
  return readMessageId(new Reader(digest))
}

export function encodeMeshPayload(mesh: Id, hops: number, broadcast: MeshBroadcast): Bytes {
  const { author, number, signature, payload } = broadcast
  return begin(MESSAGE.meshPayload, mesh, 160 + payload.length)
    .u8(hops)
    .bytes(author)
    .u64(number)
    .bytes(signature)
    .bytes(payload)
    .finish()
}

export function decodeMeshPayload(reader: Reader): { hops: number; broadcast: MeshBroadcast } {
  const hops = reader.u8()
  const author = reader.bytes(PUBLIC_KEY_BYTES)
  const number = reader.u64()
  const signature = reader.bytes(SIGNATURE_BYTES)
  if (reader.remaining > MAX_BROADCAST_BYTES) throw new BanyanError('too-large', 'a broadcast past 64 KiB')
  return { hops, broadcast: { author, number, signature, payload: reader.rest() } }
}

/** The message as it is sent from here: the same bytes, one hop farther. */
export function withHops(message: Uint8Array, hops: number): Bytes {
  const copy = message.slice() as Bytes
  copy[HOPS_AT] = hops
  return copy
}

export const MESH_PAYLOAD_OVERHEAD_BYTES = SIGNED_AT + PUBLIC_KEY_BYTES + 8 + SIGNATURE_BYTES

/** What an announcement asks for in return: nothing, all ids that are kept, or those that came after all that it names. */
export const ASKS = { nothing: 0, all: 1, since: 2 } as const
export type Asks = (typeof ASKS)[keyof typeof ASKS]

export function encodeMeshAnnounce(mesh: Id, asks: Asks, announced: readonly Announced[]): Bytes {
  const kept = announced.slice(0, MAX_ANNOUNCED)
  const writer = begin(MESSAGE.meshAnnounce, mesh, 64 + (MESSAGE_ID_BYTES + 1) * kept.length)
  writer.u8(asks).u8(kept.length)
  for (const { id, hops } of kept) writeMessageId(writer, id).u8(hops)
  return writer.finish()
}

export function decodeMeshAnnounce(reader: Reader): { asks: Asks; announced: Announced[] } {
  const asks = reader.u8() as Asks
  if (asks > ASKS.since) throw new BanyanError('malformed', 'no question that is known')
  const count = countOf(reader)
  const announced = Array.from({ length: count }, () => ({ id: readMessageId(reader), hops: reader.u8() }))
  reader.end()
  return { asks, announced }
}

export function encodeMeshGraft(mesh: Id, ids: readonly MessageId[]): Bytes {
  const kept = ids.slice(0, MAX_ANNOUNCED)
  const writer = begin(MESSAGE.meshGraft, mesh, 64 + MESSAGE_ID_BYTES * kept.length).u8(kept.length)
  for (const id of kept) writeMessageId(writer, id)
  return writer.finish()
}

export function decodeMeshGraft(reader: Reader): MessageId[] {
  const ids = Array.from({ length: countOf(reader) }, () => readMessageId(reader))
  reader.end()
  return ids
}

function countOf(reader: Reader): number {
  const count = reader.u8()
  if (count > MAX_ANNOUNCED) throw new BanyanError('too-large', `${count} message ids at once`)
  return count
}

function writeMessageId(writer: Writer, id: MessageId): Writer {
  return writer.hex8(id.slice(0, MESSAGE_ID_BYTES)).hex8(id.slice(MESSAGE_ID_BYTES))
}

// The same id comes from every neighbour. Its text is made once, and whoever keeps it keeps the same string (see base/id.ts).

const REMEMBERED = 1024
const remembered: (MessageId | undefined)[] = new Array<MessageId | undefined>(REMEMBERED).fill(undefined)

function readMessageId(reader: Reader): MessageId {
  const bytes = reader.bytes(MESSAGE_ID_BYTES)
  const place = ((bytes[0]! << 8) | bytes[1]!) % REMEMBERED
  const known = remembered[place]
  if (known !== undefined && isHexAt(known, bytes, 0)) return known
  return (remembered[place] = toHex(bytes) as MessageId)
}
