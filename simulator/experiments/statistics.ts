export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length
}

/** The value below which the share lies; 0 where there is none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

export function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}

/** Least squares: y = slope * x + intercept, with the share of the variance that it explains. */
export function fitLine(points: readonly { x: number; y: number }[]): {
  slope: number
  intercept: number
  r2: number
} {
  const x0 = mean(points.map(({ x }) => x))
  const y0 = mean(points.map(({ y }) => y))
  const xx = points.reduce((total, { x }) => total + (x - x0) ** 2, 0)
  const xy = points.reduce((total, { x, y }) => total + (x - x0) * (y - y0), 0)
  const yy = points.reduce((total, { y }) => total + (y - y0) ** 2, 0)
  const slope = xx === 0 ? 0 : xy / xx
  return { slope, intercept: y0 - slope * x0, r2: xx === 0 || yy === 0 ? 1 : xy ** 2 / (xx * yy) }
}

/** How many values fall on each whole number from 0 to the largest, or into so many equal ranges. */
export function histogram(values: readonly number[], width = 1): { from: number; count: number }[] {
  const counts = Array.from({ length: Math.floor(maximum(values) / width) + 1 }, (_, i) => ({
    from: i * width,
    count: 0,
  }))
  for (const value of values) counts[Math.floor(value / width)]!.count++
  return counts
}
