// Hashes of short values, computed once. Each node on a probe's way counts along the same hash chain (wire/unicast-probe.ts): its
// origin has made every value of it, and of what those after it compute nine in ten were computed a moment before. Here such
// a hash costs a comparison instead of a crossing into native code, which was an eighth of a large network's time.
//
// The hash of a value lies in the place that its first bits name, the whole value beside it, so what is found is right; another
// value of that place pushes it out.

import { type Bytes } from '../../main/overlay/base/bytes.ts'

/** main/overlay/wire/unicast-probe.ts: a chain's value, in words. */
const VALUE_WORDS = 4
const VALUE_BYTES = 4 * VALUE_WORDS
/** The chains of half a second, in a network of 100,000 nodes that each probe every half minute: 32 MB when full. */
const PLACES = 2 ** 17

/** The hashes are handed out to several callers each: nobody may write to them. */
export function rememberingHashes(hash: (value: Uint8Array) => Bytes): (value: Uint8Array) => Bytes {
  const values = new Int32Array(PLACES * VALUE_WORDS)
  const hashes: (Bytes | undefined)[] = new Array<Bytes | undefined>(PLACES).fill(undefined)
  return (value) => {
    if (value.length !== VALUE_BYTES) return hash(value)
    const [a, b, c, d] = [wordAt(value, 0), wordAt(value, 4), wordAt(value, 8), wordAt(value, 12)]
    const place = (a >>> 0) % PLACES
    const at = place * VALUE_WORDS
    const isSame = values[at] === a && values[at + 1] === b && values[at + 2] === c && values[at + 3] === d
    const known = isSame ? hashes[place] : undefined
    if (known) return known
    values[at] = a
    values[at + 1] = b
    values[at + 2] = c
    values[at + 3] = d
    return (hashes[place] = hash(value))
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
