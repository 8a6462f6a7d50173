// The first 8 bytes of an id: enough to tell its place on the ring and to recognise one that is known, a quarter of its size.
// Whoever makes two ids with one hint only hides one of them from a comparison of leaf sets.

import { BanyanError } from '../base/errors.ts'
import { ID_DIGITS, type NodeId } from '../base/id.ts'
import { type Reader, type Writer } from './codec.ts'

const HINT_BYTES = 8
export const HINT_DIGITS = 2 * HINT_BYTES
/** Two leaf sets. */
const MAX_HINTS = 32

export function hintOf(id: NodeId): string {
  return id.slice(0, HINT_DIGITS)
}

/** The id that a hint would have if it were one. */
export function idOfHint(hint: string): NodeId {
  return hint.padEnd(ID_DIGITS, '0') as NodeId
}

export function writeHint(writer: Writer, hint: string): void {
  writer.hex8(hint)
}

export function readHint(reader: Reader): string {
  return reader.hex8()
}

/** n 1 | n x 8 bytes; what is past the limit is left out. */
export function writeHints(writer: Writer, hints: readonly string[], limit = MAX_HINTS): Writer {
  const named = hints.slice(0, limit)
  writer.u8(named.length)
  for (const hint of named) writeHint(writer, hint)
  return writer
}

/** 16 hex digits each. Errors: malformed, too-large. */
export function readHints(reader: Reader, limit = MAX_HINTS): string[] {
  const count = reader.u8()
  if (count > limit) throw new BanyanError('too-large', `${count} hints where at most ${limit} may stand`)
  return Array.from({ length: count }, () => readHint(reader))
}
