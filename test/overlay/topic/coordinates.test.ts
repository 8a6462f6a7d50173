import { describe, expect, it } from 'vitest'
import { estimateMs, fitSpot, heightOf } from '../../../main/overlay/topic/coordinates.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { type Spot } from '../../../main/overlay/wire/topic-placement.ts'

const HOSTS = 64
const MEASURED = 8
const ROUNDS = 5

/** Hosts in a square of 180 ms, 5 ms of last mile each, placed by a few round trips as members of a topic are. */
function placeAll(seed: number, rounds: number): number[] {
  const random = new SeededRandom(seed)
  const at = Array.from({ length: HOSTS }, () => ({
    x: 180 * random.unit(),
    y: 180 * random.unit(),
    height: 5,
  }))
  const rttMs = (a: number, b: number): number => estimateMs(at[a]!, at[b]!)
  const spots: Spot[] = [{ x: 0, y: 0, height: 5 }]
  for (let round = 0; round <= rounds; round++)
    for (let host = 1; host < HOSTS; host++) {
      const others = Array.from({ length: MEASURED }, () => random.below(spots.length)).filter(
        (other) => other !== host,
      )
      const measured = [0, ...others].map((other) => ({ spot: spots[other]!, rttMs: rttMs(host, other) }))
      spots[host] = fitSpot(measured, spots[host], random.unit())
    }
  const errors = spots.flatMap((spot, a) =>
    spots.slice(0, a).map((other, b) => Math.abs(estimateMs(spot, other) - rttMs(a, b))),
  )
  return errors.sort((a, b) => a - b)
}

describe('a plane of round trips', () => {
  it.each([1, 2, 3])('tells those that were not measured within some milliseconds (seed %i)', (seed) => {
    const errors = placeAll(seed, ROUNDS)
    expect(errors[errors.length >> 1]).toBeLessThan(4)
    expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(16)
  })

  it('knows more with each round', () => {
    const median = (rounds: number): number => placeAll(7, rounds)[(HOSTS * (HOSTS - 1)) / 4]!
    expect(median(4)).toBeLessThan(median(0) / 2)
  })

  it('places two at one spot apart, and invents no height', () => {
    const here = { x: 0, y: 0, height: 0 }
    const spot = fitSpot([{ spot: here, rttMs: 50 }], undefined, 0)
    expect(estimateMs(spot, here)).toBeCloseTo(50, 0)
    expect(heightOf([])).toBe(0)
    expect(heightOf([0, 12, 30])).toBe(6)
  })
})
