import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pace } from '../../../main/overlay/base/pace.ts'

const SEED = 1203

describe('a pace', () => {
  it('begins at its shortest period, slows down while nothing changes, and ends at its longest', () => {
    const pace = new Pace(20, 75)
    expect(pace.periodMs).toBe(20)
    expect(Array.from({ length: 5 }, () => pace.next())).toEqual([30, 45, 67.5, 75, 75])
  })

  it('halves after a round with a change, however many there were, and only once', () => {
    const pace = new Pace(20, 100)
    for (let i = 0; i < 10; i++) pace.next()
    for (let i = 0; i < 10; i++) pace.changed()
    expect([pace.next(), pace.next()]).toEqual([50, 75])
  })

  it('never leaves its bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (rounds) => {
        const pace = new Pace(20, 75)
        for (const hasChanged of rounds) {
          if (hasChanged) pace.changed()
          const periodMs = pace.next()
          expect(periodMs).toBe(pace.periodMs)
          expect(periodMs).toBeGreaterThanOrEqual(20)
          expect(periodMs).toBeLessThanOrEqual(75)
        }
      }),
      { seed: SEED },
    )
  })
})
