// Whole numbers as few ranges instead of many members: packets received, bytes acknowledged, bytes to send again.
// Ranges are half open, ascending and never touch. Work happens at the high end nearly always, so searches start there.

export interface Range {
  start: number
  end: number
}

/** Of every set in which nothing has stood yet; never written to. */
const NONE: Range[] = []

export class RangeSet {
  #ranges = NONE

  get size(): number {
    return this.#ranges.length
  }

  get first(): Range | undefined {
    return this.#ranges[0]
  }

  get last(): Range | undefined {
    return this.#ranges[this.#ranges.length - 1]
  }

  /** The range at a position, counted from the lowest. */
  at(position: number): Range | undefined {
    return this.#ranges[position]
  }

  has(value: number): boolean {
    const range = this.#ranges[this.#lastStartingUpTo(value)]
    return range !== undefined && value < range.end
  }

  covers(start: number, end: number): boolean {
    const range = this.#ranges[this.#lastStartingUpTo(start)]
    return range !== undefined && end <= range.end
  }

  add(start: number, end: number): void {
    if (start >= end) return
    const ranges = this.#ranges
    if (ranges.length === 0) {
      this.#ranges = [{ start, end }] // most sets never have more, and a literal has no room to spare
      return
    }
    let from = this.#lastStartingUpTo(start)
    if (from < 0 || ranges[from]!.end < start) from++
    let to = from
    while (to < ranges.length && ranges[to]!.start <= end) {
      start = Math.min(start, ranges[to]!.start)
      end = Math.max(end, ranges[to]!.end)
      to++
    }
    if (to === from + 1) {
      ranges[from]!.start = start
      ranges[from]!.end = end
    } else ranges.splice(from, to - from, { start, end })
  }

  remove(start: number, end: number): void {
    const ranges = this.#ranges
    if (start >= end || ranges.length === 0) return
    let from = this.#lastStartingUpTo(start)
    if (from < 0 || ranges[from]!.end <= start) from++
    let to = from
    const kept: Range[] = []
    while (to < ranges.length && ranges[to]!.start < end) {
      const range = ranges[to++]!
      if (range.start < start) kept.push({ start: range.start, end: start })
      if (range.end > end) kept.push({ start: end, end: range.end })
    }
    if (to > from) ranges.splice(from, to - from, ...kept)
  }

  dropFirst(): void {
    this.#ranges.shift()
  }

  /** The position of the last range that starts at or below a value, or -1: the last of all nearly always, else searched. */
  #lastStartingUpTo(value: number): number {
    let high = this.#ranges.length - 1
    if (high < 0 || this.#ranges[high]!.start <= value) return high
    let low = -1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#ranges[middle]!.start <= value) low = middle
      else high = middle
    }
    return low
  }
}
