/** At most five characters or so: for axes and bars. */
export function shortNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`
  // What is nearly all must not be rounded up to all of it: 99.96 % is not 100 %.
  return `${Number(value.toPrecision(size > 99 && size < 100 ? 4 : 3))}`
}
