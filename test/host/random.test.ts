import { expect, it } from 'vitest'
import { hostRandom } from '../../main/host/random.ts'

it.each([2, 1000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53])(
  'draws from all of the numbers below %s',
  (bound) => {
    const drawn = Array.from({ length: 2_000 }, () => hostRandom.below(bound))
    for (const value of drawn) expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    // Six standard deviations of the mean: once in half a billion runs.
    const spread = Math.sqrt((bound * bound - 1) / 12 / drawn.length)
    expect(Math.abs(mean - (bound - 1) / 2)).toBeLessThan(6 * spread)
    const halves = new Set(drawn.map((value) => (value < bound / 2 ? 'low' : 'high')))
    expect(halves.size).toBe(2)
  },
)
