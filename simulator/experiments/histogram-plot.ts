import { type Plot } from '../report/plot.ts'
import { histogram } from './statistics.ts'

/** How many of the values fall on each whole number, or into ranges so wide; `x` says what the values are, `unit` what has them. */
export function histogramPlot(
  title: string,
  values: readonly number[],
  { x, unit, width = 1 }: { x: string; unit: string; width?: number },
): Plot {
  const bars = histogram(values, width).map(({ from, count }) => ({ label: `${from}`, value: count }))
  return { kind: 'bars', title, unit, x: width === 1 ? x : `${x}, in steps of ${width}`, bars }
}
