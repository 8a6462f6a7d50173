// Memory for large networks that V8 does not count. Each buffer is memory outside of its heap, and whenever what outlived the
// young generation has grown by 64 MB, it marks the whole heap. With 100,000 nodes that takes ten seconds, and a message is under way
// for longer than the young generation lasts: while nodes start, half of the time went there. Shared memory is not counted.

import { type Bytes } from '../../main/overlay/base/bytes.ts'

/** V8 keeps what is as short as that in its heap, without a buffer. */
const MAX_HEAP_BYTES = 64

/** For what nodes write. */
export function uncountedCopy(buffer: Bytes, length: number): Bytes {
  if (length <= MAX_HEAP_BYTES) return buffer.slice(0, length)
  const copy = uncounted(Uint8Array, length)
  copy.set(buffer.subarray(0, length))
  return copy as unknown as Bytes
}

interface Numbers<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: SharedArrayBuffer): T
}

export function uncounted<T>(numbers: Numbers<T>, length: number): T {
  return new numbers(new SharedArrayBuffer(length * numbers.BYTES_PER_ELEMENT))
}
