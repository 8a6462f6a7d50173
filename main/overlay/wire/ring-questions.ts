// What nodes ask of each other's neighbourhoods over routed messages, where no link leads to whoever knows.
//
//   leaves   n 1 | n x first 8 bytes of the id of a leaf-set member     answer: members that the asker has a place for
//   row      row 1 | missing digits 2 (bit d: no entry for digit d)     answer: nodes for these places of its table
//
//   answer   n 1 | n x peer record

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { ID_DIGITS, type NodeId } from '../base/id.ts'
import { Reader, Writer } from './codec.ts'
import { readRecords, writeRecords } from './leaf-messages.ts'
import { type PeerRecord, type RecordSource } from './peer-record.ts'

const HINT_BYTES = 8
export const HINT_DIGITS = 2 * HINT_BYTES
const MAX_HINTS = 32

export function encodeLeaves(members: readonly NodeId[]): Bytes {
  const writer = new Writer(1 + MAX_HINTS * HINT_BYTES)
  const named = members.slice(0, MAX_HINTS)
  writer.u8(named.length)
  for (const id of named) writeHint(writer, id.slice(0, HINT_DIGITS))
  return writer.finish()
}

/** The first 16 digits of each id. Errors: malformed, too-large. */
export function decodeLeaves(payload: Uint8Array): string[] {
  const reader = new Reader(payload)
  const count = reader.u8()
  if (count > MAX_HINTS) throw new BanyanError('too-large', `${count} members of one leaf set`)
  const hints = Array.from({ length: count }, () => readHint(reader))
  reader.end()
  return hints
}

/** The id that a hint would have if it were one: near enough to tell its place on the ring. */
export function idOfHint(hint: string): NodeId {
  return hint.padEnd(ID_DIGITS, '0') as NodeId
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

export function encodeNamed(records: readonly PeerRecord[]): Bytes {
  const writer = new Writer(64)
  writeRecords(writer, records)
  return writer.finish()
}

export function decodeNamed(payload: Uint8Array, source: RecordSource): PeerRecord[] {
  const reader = new Reader(payload)
  const records = readRecords(reader, source)
  reader.end()
  return records
}

export function writeHint(writer: Writer, hint: string): void {
  for (let i = 0; i < HINT_BYTES; i++) writer.u8(parseInt(hint.slice(2 * i, 2 * i + 2), 16))
}

export function readHint(reader: Reader): string {
  let hint = ''
  for (let i = 0; i < HINT_BYTES; i++) hint += reader.u8().toString(16).padStart(2, '0')
  return hint
}
