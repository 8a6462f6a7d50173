// A name as it came from a stranger: bytes, made fit to show, not longer than ours.

import { MAX_NAME_CHARACTERS } from '../../../preload/contract.ts'
import { fromUtf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { fitText } from './fit-text.ts'

/** A name of MAX_NAME_CHARACTERS UTF-16 units has at most three bytes for each. */
export const MAX_NAME_BYTES = 3 * MAX_NAME_CHARACTERS

/** Empty where nothing fit to show remains. Errors: too-large, malformed (no UTF-8). */
export function cleanName(bytes: Uint8Array, maxBytes = MAX_NAME_BYTES): string {
  if (bytes.length > maxBytes) throw new BanyanError('too-large', `a name of ${bytes.length} bytes`)
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch (cause) {
    throw new BanyanError('malformed', 'a name that is not UTF-8', { cause })
  }
  return fitText(cut(fitText(text), MAX_NAME_CHARACTERS))
}

/** At most so many UTF-16 units, and no half character at the end. */
function cut(text: string, length: number): string {
  const front = text.slice(0, length)
  return text.length > length ? front.replace(/[\ud800-\udbff]$/, '') : front
}
