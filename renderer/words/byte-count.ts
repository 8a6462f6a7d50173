import { MAX_TEXT_BYTES } from '../../preload/contract.ts'

const encoder = new TextEncoder()

/** From here on the composer shows how much is left. */
const NEAR_BYTES = MAX_TEXT_BYTES - 4096

/** Bytes left for a message, or null where the limit is far. UTF-8 takes at most three bytes per UTF-16 unit. */
export function bytesLeft(text: string): number | null {
  if (text.length * 3 < NEAR_BYTES) return null
  const bytes = encoder.encode(text).length
  return bytes < NEAR_BYTES ? null : MAX_TEXT_BYTES - bytes
}
