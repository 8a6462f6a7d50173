import { expect, it } from 'vitest'
import { churn } from '../../../simulator/experiments/churn.ts'
import { runSmall, SOUND } from './small.ts'

it('sends between nodes that stay are delivered while others come and go', async () => {
  const { figures } = await runSmall(churn, { nodes: 60, minutes: 1, records: 60, replicas: 2 ** 28 })
  expect(figures).toMatchObject(SOUND)
  expect(figures.upkeepBytesPerSecond).toBeLessThan(1050)
  expect(figures.deaths).toBeGreaterThan(20)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.98)
  expect(figures).toMatchObject({ records: 60, recordsLost: 0, readsWrong: 0 })
  expect(figures.readsCorrect).toBeGreaterThanOrEqual(0.98)
  expect(figures.meanHops).toBeLessThan(2)
  expect(figures.topicDelivered).toBeGreaterThanOrEqual(0.999)
  // Many ways led over somebody who has left; what matters is that others are found.
  expect(figures.brokenWays).toBeLessThan(0.3)
}, 60_000)
