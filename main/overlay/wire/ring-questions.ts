// What nodes ask of each other's neighbourhoods over routed messages, where no link leads to whoever knows.
//
//   join     n 1 | n x first 8 bytes of an id: whom the newcomer        answer: by the root its leaf set and a table row, and
//            knows, or hears of on the way                              behind it a row by each node on the way
//   leaves   n 1 | n x first 8 bytes of the id of a leaf-set member     answer: members that the asker has a place for
//   row      row 1 | missing digits 2 (bit d: no entry for digit d)     answer: nodes for these places of its table
//
//   answer   n 1 | n x peer record

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { ID_DIGITS, type NodeId } from '../base/id.ts'
import { Reader, Writer } from './codec.ts'
import { hintOf, readHints, writeHints } from './id-hints.ts'
import { MAX_RECORDS, readRecords, writeRecords } from './leaf-messages.ts'
import { type PeerRecord, type RecordSource } from './peer-record.ts'

/** What a join names at most: a leaf set, and what the first join brought besides, or this one on its way. */
const MAX_KNOWN = 128

export function encodeJoin(known: readonly string[]): Bytes {
  return writeHints(new Writer(512), known, MAX_KNOWN).finish()
}

/** Errors: malformed, too-large. */
export function decodeJoin(payload: Uint8Array): string[] {
  const reader = new Reader(payload)
  const known = readHints(reader, MAX_KNOWN)
  reader.end()
  return known
}

export function encodeLeaves(members: readonly NodeId[]): Bytes {
  return writeHints(new Writer(160), members.map(hintOf)).finish()
}

/** Errors: malformed, too-large. */
export function decodeLeaves(payload: Uint8Array): string[] {
  const reader = new Reader(payload)
  const hints = readHints(reader)
  reader.end()
  return hints
}

export function encodeRow(row: number, missing: number): Bytes {
  return new Writer(3).u8(row).u16(missing).finish()
}

export function decodeRow(payload: Uint8Array): { row: number; missing: number } {
  const reader = new Reader(payload)
  const question = { row: reader.u8(), missing: reader.u16() }
  reader.end()
  if (question.row >= ID_DIGITS) throw new BanyanError('malformed', 'a row past the last digit')
  return question
}

/** Most answers name nobody, and answers are kept for a while. */
const NOBODY_NAMED: Bytes = Uint8Array.of(0)

export function encodeNamed(records: readonly PeerRecord[]): Bytes {
  if (records.length === 0) return NOBODY_NAMED
  const writer = new Writer(64)
  writeRecords(writer, records)
  return writer.finish()
}

/** The lists of an answer to a join. Errors: malformed, too-large, those of a record. */
export function decodeHarvest(payload: Uint8Array, source: RecordSource): PeerRecord[] {
  const reader = new Reader(payload)
  const records: PeerRecord[] = []
  while (reader.remaining > 0) {
    if (records.length > MAX_RECORDS) throw new BanyanError('too-large', 'more records than a join brings')
    records.push(...readRecords(reader, source))
  }
  return records
}

export function decodeNamed(payload: Uint8Array, source: RecordSource): PeerRecord[] {
  const reader = new Reader(payload)
  const records = readRecords(reader, source)
  reader.end()
  return records
}
