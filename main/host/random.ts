import sodium from 'sodium-native'
import { type Random } from '../overlay/ports/random.ts'

/** libsodium draws 32 bits: past this bound it would see the low ones alone, and 2^32 as 0. */
const MAX_UNIFORM = 2 ** 32 - 1

/** The operating system's generator, through libsodium. */
export const hostRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length)
    if (length > 0) sodium.randombytes_buf(bytes)
    return bytes
  },
  below: (bound) => (bound <= MAX_UNIFORM ? sodium.randombytes_uniform(bound) : wideBelow(bound)),
  unit: () => sodium.randombytes_uniform(2 ** 32 - 1) / 2 ** 32,
}

type Three = [number, number, number]

/** By 53 bits; those past the last whole multiple of the bound are drawn again. */
function wideBelow(bound: number): number {
  const limit = Math.floor(2 ** 53 / bound) * bound
  for (;;) {
    const [high, middle, low] = [21, 16, 16].map((bits) => sodium.randombytes_uniform(2 ** bits)) as Three
    const value = high * 2 ** 32 + middle * 2 ** 16 + low
    if (value < limit) return value % bound
  }
}
