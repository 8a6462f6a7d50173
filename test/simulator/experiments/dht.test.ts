import { expect, it } from 'vitest'
import { dht } from '../../../simulator/experiments/dht.ts'
import { dhtCrash } from '../../../simulator/experiments/dht-crash.ts'
import { runSmall, SOUND } from './small.ts'

it('every record is found at once after a fifth of the nodes fell silent', async () => {
  const { figures } = await runSmall(dhtCrash, {
    nodes: 50,
    records: 120,
    replicas: 2 ** 28,
    kill: 0.2,
    settle: 60,
  })
  expect(figures).toMatchObject(SOUND)
  expect(figures).toMatchObject({ records: 120, readsFound: 1, readsWrong: 0 })
  expect(figures.p95RoundTrips).toBeLessThanOrEqual(3)
}, 60_000)

it('no record is lost while a tenth of the nodes is replaced, and all have eight holders again', async () => {
  const { figures } = await runSmall(dht, {
    nodes: 60,
    records: 80,
    replicas: 2 ** 28,
    minutes: 10,
    replace: 0.1,
    settle: 60,
  })
  expect(figures).toMatchObject(SOUND)
  expect(figures).toMatchObject({ records: 80, recordsLost: 0, readsCorrect: 1, readsWrong: 0 })
  expect(figures.holdersMean).toBeGreaterThanOrEqual(8)
  expect(figures.upkeepBytesPerSecond).toBeGreaterThan(0)
}, 60_000)
