import { expect, it } from 'vitest'
import { type Figures } from '../../../simulator/experiments/experiment.ts'
import { type Copy, sharedInterior } from '../../../simulator/experiments/offset-copies.ts'
import { offset } from '../../../simulator/experiments/offset.ts'
import { HARD, runSmall, SOUND } from './small.ts'

const PLACES = ['0', 'Plus1', 'Minus1', 'Plus2', 'Minus2']

function leastRight(figures: Figures, name: string): number {
  return Math.min(...PLACES.map((place) => figures[`${name}${place}`]!))
}

it('copies end at the n-th neighbours, over different nodes', async () => {
  const { figures } = await runSmall(offset, { nodes: 100 })
  expect(figures).toMatchObject(SOUND)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
  expect(leastRight(figures, 'endsRight')).toBeGreaterThanOrEqual(0.97)
  expect(leastRight(figures, 'probeEndsRight')).toBeGreaterThanOrEqual(0.95)
  expect(figures.differentEnds).toBeGreaterThan(0.98)
  expect(figures.sharedInterior).toBeLessThan(0.06)
  expect(figures.probeSharedInterior).toBeLessThan(0.06)
})

it('they mostly do where few can be linked, too', async () => {
  const { figures } = await runSmall(offset, { nodes: 80, ...HARD })
  expect(figures.delivered).toBeGreaterThanOrEqual(0.98)
  expect(figures.endsRight0).toBeGreaterThanOrEqual(0.97)
  expect(leastRight(figures, 'endsRight')).toBeGreaterThanOrEqual(0.85)
  expect(leastRight(figures, 'probeEndsRight')).toBeGreaterThanOrEqual(0.9)
})

it('what two ways share is counted of the nodes between their ends', () => {
  const over = (...hosts: number[]): Copy => ({
    offset: 0,
    end: undefined,
    hops: 0,
    interior: new Set(hosts),
  })
  expect(sharedInterior(over(1, 2), over(1, 2))).toBe(1)
  expect(sharedInterior(over(1, 2), over(2, 3))).toBe(0.5)
  expect(sharedInterior(over(1), over(2, 3))).toBe(0)
  expect(sharedInterior(over(1), over())).toBe(0)
  expect(sharedInterior(over(), over())).toBeUndefined()
})
