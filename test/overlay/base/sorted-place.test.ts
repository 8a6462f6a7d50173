import fc from 'fast-check'
import { expect, it } from 'vitest'
import { placeBy, placeOf } from '../../../main/overlay/base/sorted-place.ts'

it('finds the first that is not below, as looking from one end does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(21), (values, wanted) => {
      const sorted = values.sort((a, b) => a - b)
      const first = sorted.findIndex((value) => value >= wanted)
      const expected = first < 0 ? sorted.length : first
      expect(placeOf(sorted, wanted)).toBe(expected)
      const boxed = sorted.map((value) => ({ value }))
      expect(placeBy(boxed, wanted, ({ value }) => value)).toBe(expected)
    }),
  )
})
