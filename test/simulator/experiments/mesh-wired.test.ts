import { expect, it } from 'vitest'
import { meshWired } from '../../../simulator/experiments/mesh-wired.ts'
import { runSmall, SOUND, WITHOUT_MAP } from './small.ts'

const COMPUTERS = { nodes: 24, seed: 2 }

it('computers joined by cables reach each other at once, on short ways, quietly, after a cut and after a freeze', async () => {
  const { figures } = await runSmall(meshWired, COMPUTERS)
  expect(figures).toMatchObject(SOUND)
  expect(figures.startShare3).toBe(1)
  expect(figures.stretchMean).toBeLessThan(1.05)
  expect(figures.packetsPerNode).toBeLessThan(1.5)
  expect(figures.bytesPerNode).toBeLessThan(260)
  expect(figures.healShare).toBe(1)
  expect(figures.healSeconds).toBeLessThan(2)
  expect(figures.shareAfter3).toBe(1)
}, 30_000)

it('and not so without their map', async () => {
  const { figures } = await runSmall(meshWired, COMPUTERS, WITHOUT_MAP)
  expect(figures.stretchMean).toBeGreaterThan(1.2)
  expect(figures.bytesPerNode).toBeGreaterThan(600)
}, 60_000)

it('forty on two processors that are far too slow for them do not make work for each other without end', async () => {
  const { figures } = await runSmall(meshWired, { nodes: 40, seed: 1, compute: 1.5, replicas: 2 ** 28 })
  expect(figures.startShare3).toBeLessThan(0.5)
  expect(figures.startSeconds).toBeGreaterThan(0)
  expect(figures.startSeconds).toBeLessThan(20)
  expect(figures.healShare).toBe(1)
}, 60_000)
