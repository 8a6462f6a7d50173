import fc from 'fast-check'
import { expect } from 'vitest'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'

/** Whatever arrives, a decoder gives a value or refuses with a code of ours. */
export function expectNoInternalError(
  decoders: readonly ((reader: Reader) => unknown)[],
  seed: number,
): void {
  fc.assert(
    fc.property(fc.constantFrom(...decoders), fc.uint8Array({ maxLength: 400 }), (decode, bytes) => {
      try {
        decode(new Reader(bytes))
      } catch (error) {
        expect(codeOf(error)).not.toBe('internal')
      }
    }),
    { numRuns: 3000, seed },
  )
}
