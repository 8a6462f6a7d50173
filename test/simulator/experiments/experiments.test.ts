// Small versions of the experiments on fixed seeds. The floors lie just below what was measured when they were set, so
// that a change for the worse shows; they are no goals.

import { describe, expect, it } from 'vitest'
import { type Experiment, type Figures } from '../../../simulator/experiments/experiment.ts'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { partition } from '../../../simulator/experiments/partition.ts'
import { reach } from '../../../simulator/experiments/reach.ts'
import { roots } from '../../../simulator/experiments/roots.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'

/** Without replicas of records, whose upkeep is most of the work and not what these experiments ask about. */
const SMALL = {
  nodes: 80,
  settle: 30,
  sends: 400,
  keys: 80,
  crypto: 'modelled',
  replicas: 0,
  seed: 11,
} as const

async function run(
  experiment: Experiment,
  changes: Partial<SimOptions>,
): Promise<{ figures: Figures; trace: string }> {
  const lab = new Lab({ ...defaultOptions(experiment.name), ...SMALL, ...changes })
  const { figures } = await experiment.run(lab)
  return { figures, trace: lab.world.network.traffic.traceHash }
}

/** What no experiment may show, whatever it measures. */
const SOUND = { loops: 0, deliveredTwice: 0, boundViolations: 0, overlayErrors: 0 }

describe(`experiments on ${SMALL.nodes} nodes, seed ${SMALL.seed}`, () => {
  it('the same seed gives the same trace and figures, another seed others', async () => {
    const tiny = { replicas: 2 ** 28, nodes: 30, sends: 50, settle: 10 }
    const first = await run(reach, tiny)
    expect(await run(reach, tiny)).toEqual(first)
    expect((await run(reach, { ...tiny, seed: 12 })).trace).not.toBe(first.trace)
  })

  it('reach: with NATs that can mostly be punched', async () => {
    const { figures } = await run(reach, {})
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
    expect(figures.greedyDelivered).toBeLessThan(0.95)
    expect(figures.meanHops).toBeLessThan(1.8)
    expect(figures.linksPerNode).toBeLessThan(50)
    expect(figures.upkeepBytesPerSecond).toBeLessThan(500)
  })

  it('reach: with NATs that cannot', async () => {
    const { figures } = await run(reach, { nat: 0.9, punch: 0 })
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
    expect(figures.meanHops).toBeLessThan(2)
    expect(figures.upkeepBytesPerSecond).toBeLessThan(450)
  })

  it('reach: a third of the nodes gone a moment ago', async () => {
    const { figures } = await run(reach, { kill: 0.3 })
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.985)
    expect(figures.meanHops).toBeLessThan(2.1)
  })

  it('roots: ten sources for each key', async () => {
    const { figures } = await run(roots, { nat: 0.9, punch: 0 })
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.94)
    expect(figures.greedyDelivered).toBeLessThan(0.85)
    expect(figures.unanswered).toBe(0)
  })

  it('partition: two halves, apart for two minutes', async () => {
    const { figures } = await run(partition, { nodes: 40, minutes: 2, nat: 0.5 })
    expect(figures).toMatchObject(SOUND)
    expect(figures).toMatchObject({ ringsWhileCut: 2, ringsAfterHeal: 1 })
    expect(figures.healSeconds).toBeGreaterThan(0)
    expect(figures.healSeconds).toBeLessThan(900)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
  }, 60_000)
})
