// Memory after garbage collection over some measure of work done, and whether it stays where it is. One sample says little:
// code is still compiled, tables still reach their size. So a line is fitted through all but the first fifth.

import assert from 'node:assert/strict'

const WARM_UP_SHARE = 0.2
/** Chosen: fewer points make no line worth looking at. */
const MIN_POINTS = 5

export interface Point {
  at: number
  bytes: number
}

export class MemoryCurve {
  readonly #points: Point[] = []
  readonly #allowedBytes: number

  /** `allowedBytes`: growth over the whole line that passes for noise. */
  constructor(allowedBytes: number) {
    this.#allowedBytes = allowedBytes
  }

  /** Needs --expose-gc. `at`: work done so far, in any unit. */
  take(at: number): Point {
    globalThis.gc!()
    const { heapUsed, external } = process.memoryUsage()
    const point = { at, bytes: heapUsed + external }
    this.#points.push(point)
    return point
  }

  /** Says how it went. Errors: an assertion where memory grew by more than allowed, or nobody can tell. */
  assertFlat(): string {
    const points = this.#points.slice(Math.floor(this.#points.length * WARM_UP_SHARE))
    assert(
      points.length >= MIN_POINTS,
      `too short a run to tell anything of memory: ${points.length} samples`,
    )
    const growth = fittedGrowth(points)
    const said = `memory ${megabytes(points.at(-1)!.bytes)} MB, grown by ${megabytes(growth)}`
    assert(growth <= this.#allowedBytes, said)
    return said
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}

/** By least squares: by how many bytes the line ends higher than it begins. */
export function fittedGrowth(points: readonly Point[]): number {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(points.map((point) => point.at))
  const bytes = mean(points.map((point) => point.bytes))
  const covariance = mean(points.map((point) => (point.at - at) * (point.bytes - bytes)))
  const variance = mean(points.map((point) => (point.at - at) ** 2))
  return (covariance / variance) * (points.at(-1)!.at - points[0]!.at)
}
