// From values to places on a drawing, with round numbers at the ticks.

export interface Scale {
  /** Where a value stands, in the units of the drawing. */
  at(value: number): number
  ticks: number[]
}

interface ScaleOptions {
  /** Where the least and the largest value stand. */
  from: number
  to: number
  isLog?: boolean | undefined
  /** A linear scale that begins at zero. */
  hasZero?: boolean
}

const MOST_TICKS = 6
const ROUND_STEPS = [1, 2, 5, 10]
/** Below so many decades a decade has ticks inside it too. */
const FEW_DECADES = 2

/** Over values of which a logarithmic scale ignores those not above 0; without any it spans 0 to 1. */
export function scaleOver(values: readonly number[], options: ScaleOptions): Scale {
  const usable = values.filter((value) => Number.isFinite(value) && (!options.isLog || value > 0))
  const least = usable.reduce((low, value) => Math.min(low, value), Infinity)
  const most = usable.reduce((high, value) => Math.max(high, value), -Infinity)
  if (options.isLog) return logScale(usable.length > 0 ? [least, most] : [1, 10], options)
  return linearScale(usable.length > 0 ? [least, most] : [0, 1], options)
}

function linearScale([least, most]: [number, number], { from, to, hasZero }: ScaleOptions): Scale {
  const low = hasZero ? Math.min(0, least) : least
  const high = most > low ? most : low + 1
  const step = roundStep((high - low) / MOST_TICKS)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  )
  const [start, end] = [ticks[0]!, ticks.at(-1)!]
  return { at: (value) => from + ((value - start) / (end - start)) * (to - from), ticks }
}

function logScale([least, most]: [number, number], { from, to }: ScaleOptions): Scale {
  const first = Math.floor(Math.log10(least) + 1e-9)
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9))
  const inner = last - first <= FEW_DECADES ? [1, 2, 5] : [1]
  const every = Math.ceil((last - first) / MOST_TICKS)
  const ticks: number[] = []
  for (let decade = first; decade <= last; decade += every)
    for (const digit of decade < last ? inner : [1]) ticks.push(Number((digit * 10 ** decade).toPrecision(6)))
  const at = (value: number): number => from + ((Math.log10(value) - first) / (last - first)) * (to - from)
  return { at, ticks }
}

function roundStep(atLeast: number): number {
  const decade = 10 ** Math.floor(Math.log10(atLeast))
  return decade * (ROUND_STEPS.find((step) => step * decade >= atLeast * (1 - 1e-9)) ?? 10)
}
