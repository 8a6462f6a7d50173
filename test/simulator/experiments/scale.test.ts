import { expect, it } from 'vitest'
import { scale } from '../../../simulator/experiments/scale.ts'
import { runSmall, SOUND } from './small.ts'

it('hops and records grow slowly, and everybody is reached at every size', async () => {
  const { figures } = await runSmall(scale, { sizes: [40, 80, 120] })
  expect(figures).toMatchObject({ ...SOUND, nodes: 120 })
  expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
  expect(figures.meanHopsPerDecade).toBeGreaterThan(0)
  expect(figures.meanHopsPerDecade).toBeLessThan(1.3)
  expect(figures.recordsPerNodeMeanPerDecade).toBeLessThan(8)
}, 60_000)
