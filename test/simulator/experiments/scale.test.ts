import { expect, it } from 'vitest'
import { scale } from '../../../simulator/experiments/scale.ts'
import { defaultOptions } from '../../../simulator/options.ts'
import { runSmall, SOUND } from './small.ts'

it('hops and records grow slowly, and everybody is reached at every size', async () => {
  const { figures } = await runSmall(scale, { sizes: [40, 80, 120] })
  expect(figures).toMatchObject({ ...SOUND, nodes: 120 })
  expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
  expect(figures.meanHopsPerDecade).toBeGreaterThan(0)
  expect(figures.meanHopsPerDecade).toBeLessThan(1.3)
  expect(figures.recordsPerNodeMeanPerDecade).toBeLessThan(8)
}, 60_000)

it('says of each size how it is started, for how long it settles and what the checkers follow', () => {
  const words = scale.parameters!({ ...defaultOptions('scale'), sizes: [1000, 100_000] }).join(' ')
  expect(words).toMatch(/with 1000 nodes: .*real protocol; 120 s .* follow 100 % .*with 100000 nodes: /)
  expect(words).toMatch(/with 100000 nodes: .*built directly.*; 200 s .* follow 1 % /)
})
