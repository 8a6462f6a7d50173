import { expect, it } from 'vitest'
import { meshRadio } from '../../../simulator/experiments/mesh-radio.ts'
import { runSmall, SOUND, WITHOUT_MAP, WITHOUT_TREES } from './small.ts'

const RADIOS = { nodes: 49, sends: 300 }

it('radios that hear eight neighbours reach each other over their map and their trees', async () => {
  const { figures } = await runSmall(meshRadio, RADIOS)
  expect(figures).toMatchObject(SOUND)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.98)
  expect(figures.greedyDelivered).toBeLessThan(0.3)
  expect(figures.stretch).toBeGreaterThanOrEqual(1)
  expect(figures.stretch).toBeLessThan(2)
}, 30_000)

it('or over the trees alone', async () => {
  const { figures } = await runSmall(meshRadio, RADIOS, WITHOUT_MAP)
  expect(figures).toMatchObject(SOUND)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.98)
}, 30_000)

it('and over nothing else', async () => {
  const { figures } = await runSmall(meshRadio, RADIOS, WITHOUT_TREES)
  expect(figures.delivered).toBeLessThan(0.95)
}, 30_000)
