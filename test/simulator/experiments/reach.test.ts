import { describe, expect, it } from 'vitest'
import { reach } from '../../../simulator/experiments/reach.ts'
import { HARD, runSmall, SOUND, WITHOUT_BUDGET, WITHOUT_TREES } from './small.ts'

describe('reach, small', () => {
  it('the same seed gives the same trace and figures, another seed others', async () => {
    const tiny = { replicas: 2 ** 28, nodes: 30, sends: 50, settle: 10 }
    const first = await runSmall(reach, tiny)
    expect(await runSmall(reach, tiny)).toEqual(first)
    expect((await runSmall(reach, { ...tiny, seed: 12 })).trace).not.toBe(first.trace)
  }, 60_000)

  it('delivers with NATs that can mostly be punched', async () => {
    const { figures } = await runSmall(reach)
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
    expect(figures.greedyDelivered).toBeLessThan(0.97)
    expect(figures.meanHops).toBeLessThan(1.8)
    expect(figures.linksPerNode).toBeLessThan(50)
    expect(figures.upkeepBytesPerSecond).toBeLessThan(600)
  })

  it('delivers with NATs that cannot', async () => {
    const { figures } = await runSmall(reach, HARD)
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
    expect(figures.meanHops).toBeLessThan(2)
    expect(figures.upkeepBytesPerSecond).toBeLessThan(600)
  })

  // In a network so small the dead-end budget finds everybody even where there are no trees. Without it they show.
  it('delivers by links and records alone, and by links alone it does not', async () => {
    const { figures } = await runSmall(reach, HARD, WITHOUT_BUDGET)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.99)
    expect(figures.recordsPerNodeMean).toBeGreaterThan(3)
    expect(figures.recordsPerNodeMax).toBeLessThan(40)
    const { figures: treeless } = await runSmall(reach, HARD, { ...WITHOUT_BUDGET, ...WITHOUT_TREES })
    expect(treeless.delivered).toBeLessThan(0.98)
  })

  it('delivers when a third of the nodes went a moment ago', async () => {
    const { figures } = await runSmall(reach, { kill: 0.3 })
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.985)
    expect(figures.meanHops).toBeLessThan(2.1)
  })
})
