// Large byte strings that are used again. To the system and the garbage collector a piece of 64 KiB costs five times what
// filling it does, and bulk takes one per packet and one per message: a third of what sending it cost.
//
//   spare --lendBytes--> lent --returnBytes--> spare
//                         \--forgotten--> garbage, as any other
//
// Only what was lent can be returned, and once, so whoever is done with bytes may return them without knowing whose
// they were. Nobody has to: a simulated socket hands its packets on, and never does.

import { type Bytes } from './bytes.ts'

/** Chosen: the largest packet (65,507), and a message of 64 KiB. */
const PIECE_BYTES = 64 * 1024
/** Chosen: less than this is cheap enough to make. */
const LEAST_BYTES = PIECE_BYTES / 2
/** Chosen: 2 MiB, the packets and messages that one ack of bulk settles. */
const MAX_SPARE = 32

const spare: ArrayBuffer[] = []
const lent = new WeakSet<ArrayBufferLike>()

/** Whatever stood in them before: the borrower writes all of them. */
export function lendBytes(length: number): Bytes {
  if (length < LEAST_BYTES || length > PIECE_BYTES) return new Uint8Array(length)
  const piece = spare.pop() ?? new ArrayBuffer(PIECE_BYTES)
  lent.add(piece)
  return new Uint8Array(piece, 0, length)
}

/** Nobody reads or writes them any more. Bytes that were not lent, or are back already, are left alone. */
export function returnBytes({ buffer }: Uint8Array): void {
  if (!lent.delete(buffer) || spare.length >= MAX_SPARE) return
  spare.push(buffer as ArrayBuffer)
}
