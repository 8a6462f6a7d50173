// Where a node is, in a plane in which distances are round trips (Vivaldi: Dabek, Cox, Kaashoek, Morris 2004): from a few
// that were measured, the others can be told without a packet. Each node adds its height, the way to and from the plane: the
// last mile. Vivaldi moves a little with each packet; here a node is placed at once, by some rounds over what it has measured.

import { type Spot } from '../wire/topic-placement.ts'

export interface Measured {
  spot: Spot
  rttMs: number
}

/** Chosen: by then the step is below a tenth of a millisecond where it settles at all. */
const ROUNDS = 120
const FIRST_STEP = 0.5
/** Two at one spot have no direction away from each other. */
const LEAST_MS = 0.1

export function estimateMs(a: Spot, b: Spot): number {
  return Math.hypot(a.x - b.x, a.y - b.y) + a.height + b.height
}

/** The spot that fits best, looked for from where it was or from `angle` (in turns) beside the first one measured. */
export function fitSpot(measured: readonly Measured[], before: Spot | undefined, angle: number): Spot {
  const spot = before ? { ...before } : firstGuess(measured, angle)
  for (let round = 0; round < ROUNDS; round++) {
    const step = FIRST_STEP / Math.sqrt(1 + round)
    for (const each of measured) moveTowards(spot, each, step)
  }
  return spot
}

/** Half of its quickest round trip is at least the way out of its own network. */
export function heightOf(rttsMs: readonly number[]): number {
  const known = rttsMs.filter((rttMs) => rttMs > 0)
  return known.length === 0 ? 0 : Math.min(...known) / 2
}

function firstGuess(measured: readonly Measured[], angle: number): Spot {
  const count = Math.max(1, measured.length)
  const height = heightOf(measured.map(({ rttMs }) => rttMs))
  const x = measured.reduce((sum, { spot }) => sum + spot.x, 0) / count
  const y = measured.reduce((sum, { spot }) => sum + spot.y, 0) / count
  return {
    x: x + Math.cos(2 * Math.PI * angle),
    y: y + Math.sin(2 * Math.PI * angle),
    height,
  }
}

function moveTowards(spot: Spot, { spot: other, rttMs }: Measured, step: number): void {
  const apart = Math.max(LEAST_MS, Math.hypot(spot.x - other.x, spot.y - other.y))
  const error = rttMs - (apart + spot.height + other.height)
  spot.x += (step * error * (spot.x - other.x)) / apart
  spot.y += (step * error * (spot.y - other.y)) / apart
  // The height takes a small part of what is wrong: it is one number, and every measurement pulls at it.
  spot.height = Math.max(0, spot.height + 0.1 * step * error)
}
