import { describe, expect, it } from 'vitest'
import { baselines } from '../../../simulator/experiments/baselines.ts'
import { type Outcome } from '../../../simulator/experiments/experiment.ts'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'

const SMALL = { nodes: 40, sends: 60, settle: 15, crypto: 'modelled', replicas: 0, seed: 3 } as const

function run(changes: Partial<SimOptions> & { overlay?: number }): Promise<Outcome> {
  return baselines.run(new Lab({ ...defaultOptions('baselines'), ...SMALL, ...changes }))
}

describe('the experiment that compares', () => {
  it('asks the overlay and the others for the same, and prints all of them', async () => {
    const { figures, notes, plots } = await run({ nat: 0.9, punch: 0 })
    expect(figures.overlayDelivered).toBe(figures.delivered)
    expect(figures.greedyDelivered).toBeLessThan(figures.delivered!)
    expect(figures.kademliaLookupSuccess).toBeGreaterThan(figures.kademliaDelivered!)
    for (const name of ['r5nDelivered', 'batmanDelivered', 'floodingDelivered'])
      expect(figures[name]).toBeGreaterThan(0.98)
    expect(figures.batmanUpkeepBytes).toBeGreaterThan(figures.r5nUpkeepBytes!)
    expect(figures.floodingPacketsPerSend).toBeGreaterThan(figures.r5nPacketsPerSend!)
    expect(Object.values(figures).every(Number.isFinite)).toBe(true)
    expect(notes.slice(2, 8).map((line) => line.slice(0, 14).trim())).toEqual([
      'overlay',
      'greedy Pastry',
      'Kademlia',
      'R5N',
      'B.A.T.M.A.N.',
      'flooding',
    ])
    expect(plots.length).toBeGreaterThan(5)
  })

  it('runs without the overlay on a radio grid, and the same seed gives the same figures', async () => {
    const changes = { overlay: 0, topology: 'grid', nodes: 49, loss: 0.05 } as const
    const { figures } = await run(changes)
    expect(figures.delivered).toBeUndefined()
    expect(figures.batmanDelivered).toBeGreaterThan(0.98)
    expect(figures.kademliaDelivered).toBeLessThan(0.5)
    expect((await run(changes)).figures).toEqual(figures)
    expect((await run({ ...changes, seed: 4 })).figures).not.toEqual(figures)
  })
})
