// A name as a stranger wrote it, made fit to show: one line, no control or direction characters, not longer than ours.

import { MAX_NAME_CHARACTERS } from '../../../preload/contract.ts'
import { fromUtf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'

/** A name of MAX_NAME_CHARACTERS UTF-16 units has at most three bytes for each. */
export const MAX_NAME_BYTES = 3 * MAX_NAME_CHARACTERS

/** Control characters, line separators, and the marks that turn the direction of what follows. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Empty where nothing fit to show remains. Errors: too-large, malformed (no UTF-8). */
export function cleanName(bytes: Uint8Array, maxBytes = MAX_NAME_BYTES): string {
  if (bytes.length > maxBytes) throw new BanyanError('too-large', `a name of ${bytes.length} bytes`)
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch (cause) {
    throw new BanyanError('malformed', 'a name that is not UTF-8', { cause })
  }
  return text.replaceAll(UNFIT, ' ').trim().slice(0, MAX_NAME_CHARACTERS).trim()
}
