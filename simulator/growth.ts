/** A network doubles in so long at the least, as long as it is small ... */
const GROWTH_PER_SECOND = 0.05
/** ... and there is no reason to wait longer than this between two. */
const FEWEST_JOINS_PER_SECOND = 10

/** Until the next join into a network of that size, which never takes in more than so many a second. */
export function pauseBeforeJoinMs(size: number, mostPerSecond = Infinity): number {
  return 1000 / Math.min(Math.max(size * GROWTH_PER_SECOND, FEWEST_JOINS_PER_SECOND), mostPerSecond)
}
