import sodium from 'sodium-native'
import { type Random } from '../overlay/ports/random.ts'

/** The operating system's generator, through libsodium. */
export const hostRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length)
    if (length > 0) sodium.randombytes_buf(bytes)
    return bytes
  },
  below: (bound) => sodium.randombytes_uniform(bound),
  unit: () => sodium.randombytes_uniform(2 ** 32 - 1) / 2 ** 32,
}
