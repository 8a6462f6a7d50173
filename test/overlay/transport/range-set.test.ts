import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RangeSet } from '../../../main/overlay/transport/range-set.ts'

const change = fc.record({
  kind: fc.constantFrom('add', 'add', 'remove'),
  start: fc.integer({ min: 0, max: 60 }),
  length: fc.integer({ min: 0, max: 12 }),
})

describe('a set of ranges', () => {
  it('holds what its naive twin, a set of numbers, holds', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const ranges = new RangeSet()
        const twin = new Set<number>()
        for (const { kind, start, length } of changes) {
          if (kind === 'add') ranges.add(start, start + length)
          else ranges.remove(start, start + length)
          for (let i = start; i < start + length; i++)
            if (kind === 'add') twin.add(i)
            else twin.delete(i)
        }
        for (let i = 0; i < 80; i++) expect(ranges.has(i)).toBe(twin.has(i))
        for (let i = 1; i < ranges.size; i++)
          expect(ranges.at(i)!.start).toBeGreaterThan(ranges.at(i - 1)!.end)
        for (let i = 0; i < 70; i += 3)
          expect(ranges.covers(i, i + 4)).toBe([0, 1, 2, 3].every((step) => twin.has(i + step)))
      }),
      { numRuns: 500 },
    )
  })
})
