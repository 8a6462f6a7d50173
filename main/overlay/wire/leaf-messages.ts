// What ring neighbours tell each other. Records are verified by whoever keeps them; nothing here is believed as it is.
//
//   leaf hints   19 | the sender's leaf set: n 1 | n x first 8 bytes of an id
//   leaf state    1 | members that the receiver wanted: n 1 | n x peer record
//   leaf news    21 | members that the receiver has a place for and did not name: n 1 | n x first 8 bytes of an id
//   leaf want    20 | hints that the sender has a place for and no record of: n 1 | n x first 8 bytes of an id
//   leaf digest   2 | first 8 bytes of the hash of the last hints sent on this link
//   suspect       4 | id 32      the sender lost this node; the receiver probes it and believes only that
//   parting      18 | insists 1  the sender has no use for this link; where the receiver has none either, or the sender insists
//                               (it has too many), the receiver closes it and does not call again for a table place

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Reader, Writer } from './codec.ts'
import { hintOf, readHints, writeHints } from './id-hints.ts'
import { MESSAGE } from './message-types.ts'
import { type PeerRecord, readPeerRecord, type RecordSource, writePeerRecord } from './peer-record.ts'

/** A leaf set is 16; a join's harvest is a leaf set and some table rows. More in one message is not ours. */
export const MAX_RECORDS = 160
export const DIGEST_BYTES = 8

export function writeRecords(writer: Writer, records: readonly PeerRecord[]): void {
  const kept = records.slice(0, MAX_RECORDS)
  writer.u8(kept.length)
  for (const record of kept) writePeerRecord(writer, record)
}

export function readRecords(reader: Reader, source: Crypto | RecordSource): PeerRecord[] {
  const count = reader.u8()
  if (count > MAX_RECORDS) throw new BanyanError('too-large', `${count} peer records in one message`)
  const records: PeerRecord[] = []
  for (let i = 0; i < count; i++) records.push(readPeerRecord(reader, source))
  return records
}

export function encodeLeafState(members: readonly PeerRecord[]): Bytes {
  const writer = new Writer(2560).u8(MESSAGE.leafState)
  writeRecords(writer, members)
  return writer.finish()
}

export function decodeLeafState(reader: Reader, source: Crypto | RecordSource): PeerRecord[] {
  const records = readRecords(reader, source)
  reader.end()
  return records
}

export function encodeLeafDigest(digest: Uint8Array): Bytes {
  return new Writer(9).u8(MESSAGE.leafDigest).bytes(digest).finish()
}

export function decodeLeafDigest(reader: Reader): Bytes {
  const digest = reader.bytes(DIGEST_BYTES)
  reader.end()
  return digest
}

export function encodeLeafHints(members: readonly NodeId[]): Bytes {
  return writeHints(new Writer(160).u8(MESSAGE.leafHints), members.map(hintOf)).finish()
}

export function encodeLeafWant(hints: readonly string[]): Bytes {
  return writeHints(new Writer(160).u8(MESSAGE.leafWant), hints).finish()
}

export function encodeLeafNews(members: readonly NodeId[]): Bytes {
  return writeHints(new Writer(160).u8(MESSAGE.leafNews), members.map(hintOf)).finish()
}

/** Of all three. Errors: malformed, too-large. */
export function decodeLeafHints(reader: Reader): string[] {
  const hints = readHints(reader)
  reader.end()
  return hints
}

export function encodeSuspect(id: NodeId): Bytes {
  return new Writer(33).u8(MESSAGE.suspect).id(id).finish()
}

export function decodeSuspect(reader: Reader): NodeId {
  const id = reader.id()
  reader.end()
  return id
}

export function encodeParting(insists: boolean): Bytes {
  return Uint8Array.of(MESSAGE.parting, insists ? 1 : 0)
}

export function decodeParting(reader: Reader): boolean {
  const insists = reader.u8() === 1
  reader.end()
  return insists
}
