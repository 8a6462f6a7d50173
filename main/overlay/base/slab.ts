// Byte strings for packets, cut from large pieces: a buffer of its own for each packet is a system allocation that the
// garbage collector has to follow, and was a tenth of what sending costs. A piece is never used twice, so a packet stays
// its owner's for as long as he likes; but it keeps its whole piece alive, so what is kept for long is copied.

import { type Bytes } from './bytes.ts'
import { lendBytes } from './lent-bytes.ts'

/** Chosen: some 180 packets of an Ethernet; larger ones gain little. */
const SLAB_BYTES = 256 * 1024
/** Chosen: what would fill an eighth of a piece gets its own memory, which may come back (lent-bytes.ts). */
const MAX_CUT_BYTES = SLAB_BYTES / 8

let slab = new ArrayBuffer(0)
let used = 0

/** Bytes of nobody else, whatever stands in them: the caller writes all of them. */
export function cutBytes(length: number): Bytes {
  if (length > MAX_CUT_BYTES) return lendBytes(length)
  if (used + length > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_BYTES)
    used = 0
  }
  const bytes = new Uint8Array(slab, used, length)
  used += length
  return bytes
}
