import { expect, it } from 'vitest'
import { partition } from '../../../simulator/experiments/partition.ts'
import { runSmall, SOUND } from './small.ts'

it('two halves, apart for two minutes, become one ring again', async () => {
  const { figures } = await runSmall(partition, {
    nodes: 40,
    minutes: 2,
    nat: 0.5,
    records: 40,
    replicas: 2 ** 28,
  })
  expect(figures).toMatchObject(SOUND)
  expect(figures).toMatchObject({ records: 40, recordsLost: 0, readsCorrect: 1 })
  expect(figures).toMatchObject({ ringsWhileCut: 2, ringsAfterHeal: 1 })
  expect(figures.healSeconds).toBeGreaterThan(0)
  expect(figures.healSeconds).toBeLessThanOrEqual(300)
  expect(figures.leafSetSeconds).toBeGreaterThanOrEqual(figures.healSeconds!)
  expect(figures.leafSetSeconds).toBeLessThan(900)
  expect(figures).toMatchObject({ topicDelivered: 1, topicAccepted: 1 })
  expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
}, 60_000)
