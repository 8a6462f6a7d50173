// What holders of replicas tell each other, and what put and get carry to the roots.
//
//   store    12 | token 4 | root index 1 | receipts 1 | record      keep this replica
//   stored   13 | token 4 | outcome 1 | n 1 | n x receipt 96, where it is kept (kept-receipt.ts)
//   ask      14 | token 4 | record key 32
//   answer   15 | token 4 | found 1 | record, if found
//   want     17 | root index 1 | n 2 | n x record key 32                    send me these
//   offer    52 | n 2 | n x (root index 1 | version)                        I hold these, and you should
//
//   version  record key 32 | sequence 8 | expires at 8
//   receipts 1 where they are asked for, else 0
//
// Routed:  put  root index 1 | receipts 1 | record answered by  outcome 1 | n 1 | n x receipt 96, where it is kept
//                                                               outcome 1 | found 1 | the newer record, where it is stale
//                                                               outcome 1
//          get  record key 32                      answered by  found 1 | record, if found

import { type DhtRecord } from '../api.ts'
import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id } from '../base/id.ts'
import { Reader, Writer } from './codec.ts'
import { readRecord, writeRecord } from './dht-record.ts'
import { RECEIPT_BYTES } from './kept-receipt.ts'
import { MESSAGE } from './message-types.ts'

/** What a holder did with a record. Append only. */
export const OUTCOMES = [
  'kept',
  'bad-signature',
  'expired',
  'too-large',
  'stale',
  'quota',
  'rate',
  'failed',
  'no-mailbox',
  'deleted',
] as const
export type Outcome = (typeof OUTCOMES)[number]
export type Refusal = Exclude<Outcome, 'kept'>

/** What a holder answers its root. */
export type Stored = Kept | { outcome: Refusal }

/** By whose word: nobody's, where receipts were not asked for. */
interface Kept {
  outcome: 'kept'
  receipts: Bytes[]
}

/** What a root answers the author: who keeps it, or what is newer. */
export type PutReply =
  Kept | { outcome: 'stale'; newer: DhtRecord | undefined } | { outcome: Exclude<Refusal, 'stale'> }

/** Two independent roots (DESIGN §6): owning one neighbourhood of the ring is not enough to own a record. */
export const ROOT_COUNT = 2
/** About 25 KiB. */
export const MAX_OFFERED = 512
const MAX_RECEIPTS = 16

/** A record, and at which of its roots it is to be kept. */
export interface Placing {
  rootIndex: number
  /** Whoever keeps it is to sign that. */
  wantsReceipts: boolean
  record: DhtRecord
}

export interface ReplicaVersion {
  key: Id
  sequence: number
  expiresAtMs: number
}

export interface ReplicaOffer extends ReplicaVersion {
  /** On behalf of which root. */
  rootIndex: number
}

export function encodeStore(token: number, placing: Placing): Bytes {
  const writer = new Writer(256 + placing.record.value.length).u8(MESSAGE.replicaStore).u32(token)
  writePlacing(writer, placing)
  return writer.finish()
}

export function decodeStore(reader: Reader): Placing & { token: number } {
  const token = reader.u32()
  const placing = readPlacing(reader)
  reader.end()
  return { token, ...placing }
}

export function encodeStored(token: number, stored: Stored): Bytes {
  const writer = new Writer(103).u8(MESSAGE.replicaStored).u32(token).u8(OUTCOMES.indexOf(stored.outcome))
  if (stored.outcome === 'kept') writeReceipts(writer, stored.receipts)
  return writer.finish()
}

export function decodeStored(reader: Reader): Stored & { token: number } {
  const token = reader.u32()
  const outcome = readOutcome(reader)
  const stored: Stored = outcome === 'kept' ? { outcome, receipts: readReceipts(reader, 1) } : { outcome }
  reader.end()
  return { token, ...stored }
}

export function encodeAsk(token: number, key: Id): Bytes {
  return new Writer(37).u8(MESSAGE.replicaAsk).u32(token).id(key).finish()
}

export function decodeAsk(reader: Reader): { token: number; key: Id } {
  const message = { token: reader.u32(), key: reader.id() }
  reader.end()
  return message
}

export function encodeAnswer(token: number, record: DhtRecord | undefined): Bytes {
  const writer = new Writer(256).u8(MESSAGE.replicaAnswer).u32(token)
  writeFound(writer, record)
  return writer.finish()
}

export function decodeAnswer(reader: Reader): { token: number; record: DhtRecord | undefined } {
  const token = reader.u32()
  const record = readFound(reader)
  reader.end()
  return { token, record }
}

export function encodeOffer(offers: readonly ReplicaOffer[]): Bytes {
  const writer = new Writer(4 + 49 * offers.length).u8(MESSAGE.replicaOffer).u16(offers.length)
  for (const offer of offers) writeVersion(writer.u8(offer.rootIndex), offer)
  return writer.finish()
}

export function decodeOffer(reader: Reader): ReplicaOffer[] {
  const offers = Array.from({ length: readCount(reader) }, () => ({
    rootIndex: readRootIndex(reader),
    ...readVersion(reader),
  }))
  reader.end()
  return offers
}

export function writeVersion(writer: Writer, { key, sequence, expiresAtMs }: ReplicaVersion): void {
  writer.id(key).u64(sequence).u64(expiresAtMs)
}

export function readVersion(reader: Reader): ReplicaVersion {
  return { key: reader.id(), sequence: reader.u64(), expiresAtMs: reader.u64() }
}

export function encodeWant(rootIndex: number, keys: readonly Id[]): Bytes {
  const writer = new Writer(4 + 32 * keys.length).u8(MESSAGE.replicaWant).u8(rootIndex).u16(keys.length)
  for (const key of keys) writer.id(key)
  return writer.finish()
}

export function decodeWant(reader: Reader): { rootIndex: number; keys: Id[] } {
  const rootIndex = readRootIndex(reader)
  const count = readCount(reader)
  const keys = Array.from({ length: count }, () => reader.id())
  reader.end()
  return { rootIndex, keys }
}

export function encodePut(placing: Placing): Bytes {
  const writer = new Writer(256 + placing.record.value.length)
  writePlacing(writer, placing)
  return writer.finish()
}

export function decodePut(payload: Uint8Array): Placing {
  const reader = new Reader(payload)
  const placing = readPlacing(reader)
  reader.end()
  return placing
}

export function encodePutReply(reply: PutReply): Bytes {
  const writer = new Writer(512).u8(OUTCOMES.indexOf(reply.outcome))
  if (reply.outcome === 'stale') writeFound(writer, reply.newer)
  if (reply.outcome === 'kept') writeReceipts(writer, reply.receipts)
  return writer.finish()
}

export function decodePutReply(payload: Uint8Array): PutReply {
  const reader = new Reader(payload)
  const reply = readPutReply(reader)
  reader.end()
  return reply
}

function readPutReply(reader: Reader): PutReply {
  const outcome = readOutcome(reader)
  if (outcome === 'stale') return { outcome, newer: readFound(reader) }
  return outcome === 'kept' ? { outcome, receipts: readReceipts(reader, MAX_RECEIPTS) } : { outcome }
}

export function encodeGet(key: Id): Bytes {
  return new Writer(32).id(key).finish()
}

export function decodeGet(payload: Uint8Array): Id {
  const reader = new Reader(payload)
  const key = reader.id()
  reader.end()
  return key
}

export function encodeGetReply(record: DhtRecord | undefined): Bytes {
  const writer = new Writer(256)
  writeFound(writer, record)
  return writer.finish()
}

export function decodeGetReply(payload: Uint8Array): DhtRecord | undefined {
  const reader = new Reader(payload)
  const record = readFound(reader)
  reader.end()
  return record
}

function writePlacing(writer: Writer, { rootIndex, wantsReceipts, record }: Placing): void {
  writer.u8(rootIndex).u8(wantsReceipts ? 1 : 0)
  writeRecord(writer, record)
}

function readPlacing(reader: Reader): Placing {
  return { rootIndex: readRootIndex(reader), wantsReceipts: reader.u8() === 1, record: readRecord(reader) }
}

function writeReceipts(writer: Writer, receipts: readonly Bytes[]): void {
  writer.u8(receipts.length)
  for (const receipt of receipts) writer.bytes(receipt)
}

function readReceipts(reader: Reader, atMost: number): Bytes[] {
  const count = reader.u8()
  if (count > atMost) throw new BanyanError('too-large', `${count} receipts of one record`)
  return Array.from({ length: count }, () => reader.bytes(RECEIPT_BYTES))
}

function writeFound(writer: Writer, record: DhtRecord | undefined): void {
  writer.u8(record ? 1 : 0)
  if (record) writeRecord(writer, record)
}

function readFound(reader: Reader): DhtRecord | undefined {
  return reader.u8() === 1 ? readRecord(reader) : undefined
}

function readOutcome(reader: Reader): Outcome {
  const outcome = OUTCOMES[reader.u8()]
  if (!outcome) throw new BanyanError('malformed', 'an unknown outcome')
  return outcome
}

function readRootIndex(reader: Reader): number {
  const index = reader.u8()
  if (index >= ROOT_COUNT) throw new BanyanError('malformed', `root index ${index}`)
  return index
}

function readCount(reader: Reader): number {
  const count = reader.u16()
  if (count > MAX_OFFERED) throw new BanyanError('too-large', `${count} keys in one message`)
  return count
}
