import { expect, it } from 'vitest'
import { fitLine, histogram, mean, percentile } from '../../simulator/experiments/statistics.ts'

it.each([
  [[], 0, 0, 0],
  [[5], 5, 5, 5],
  [[3, 1, 2, 4], 2.5, 3, 4],
])('%j has mean %d, median %d, p99 %d', (values, itsMean, median, p99) => {
  expect([mean(values), percentile(values, 0.5), percentile(values, 0.99)]).toEqual([itsMean, median, p99])
})

it('finds the line that was drawn, and says how well it fits', () => {
  const points = [1, 2, 3, 4].map((x) => ({ x, y: 3 * x - 1 }))
  expect(fitLine(points)).toEqual({ slope: 3, intercept: -1, r2: 1 })
  expect(fitLine([...points, { x: 5, y: 0 }]).r2).toBeLessThan(0.5)
})

it('counts every value once', () => {
  expect(histogram([0, 1, 1, 4])).toEqual(
    [0, 1, 2, 3, 4].map((from) => ({ from, count: [1, 2, 0, 0, 1][from] })),
  )
  expect(histogram([3, 12, 19], 10).map(({ count }) => count)).toEqual([1, 2])
  expect(histogram([])).toEqual([{ from: 0, count: 0 }])
})
