// The binary search of everything here that stands sorted: ring indexes, maps by id, tables, record lists.

/** Where in a sorted array the first value stands that is not below this one; the array's length where all are below. */
export function placeOf<T>(sorted: readonly T[], value: T): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The same in an array that is sorted by what `keyOf` takes of each. */
export function placeBy<T, K>(sorted: readonly T[], key: K, keyOf: (value: T) => K): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyOf(sorted[middle]!) < key) low = middle + 1
    else high = middle
  }
  return low
}
