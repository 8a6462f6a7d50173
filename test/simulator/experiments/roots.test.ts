import { expect, it } from 'vitest'
import { roots } from '../../../simulator/experiments/roots.ts'
import { HARD, runSmall, SOUND, WITHOUT_BUDGET, WITHOUT_TREES } from './small.ts'

it('ten sources find one root for each key, and the right one', async () => {
  const { figures } = await runSmall(roots, HARD)
  expect(figures).toMatchObject(SOUND)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.97)
  expect(figures.atTrueRoot).toBe(figures.delivered)
  expect(figures.greedyDelivered).toBeLessThan(0.85)
  expect(figures.unanswered).toBeLessThanOrEqual(0.0025)
})

it('does so where most NATs can be punched', async () => {
  const { figures } = await runSmall(roots)
  expect(figures).toMatchObject(SOUND)
  expect(figures).toMatchObject({ delivered: 1, atTrueRoot: 1, unanswered: 0 })
  expect(figures.greedyDelivered).toBeLessThan(0.95)
})

it('records lead to the roots that links do not, where nothing is left for dead ends', async () => {
  const { figures } = await runSmall(roots, HARD, WITHOUT_BUDGET)
  expect(figures.atTrueRoot).toBeGreaterThanOrEqual(0.97)
  const { figures: treeless } = await runSmall(roots, HARD, { ...WITHOUT_BUDGET, ...WITHOUT_TREES })
  expect(treeless.atTrueRoot).toBeLessThan(0.92)
})
