import { describe, expect, it } from 'vitest'
import { mesh } from '../../../simulator/experiments/mesh.ts'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'

/** Bounds as in small.ts: just beside what was measured, and no goals. */
async function runMesh(
  changes: Partial<SimOptions>,
): Promise<{ figures: Record<string, number>; trace: string }> {
  const options = { ...defaultOptions('mesh'), nodes: 150, crypto: 'modelled' as const, seed: 11, ...changes }
  const lab = new Lab(options)
  const { figures } = await mesh.run(lab)
  return { figures, trace: lab.world.network.traffic.traceHash }
}

describe('a small room', () => {
  it('is one tree, and one again after half of its 150 members have died', async () => {
    const { figures } = await runMesh({ kill: 0.5 })
    expect(figures).toMatchObject({ delivered: 1, delivered50: 1, heardTwice: 0, overlayErrors: 0 })
    expect(figures.rmr).toBeLessThanOrEqual(0.02)
    expect(figures.viewSizeMean).toBeGreaterThan(12)
    expect(figures.viewSizeMean).toBeLessThan(25) // (c + 1) ln N = 25.1
    expect(figures.controlPerBroadcast).toBeLessThan(6.5 * 150)
    expect(figures.delayMaxMs).toBeLessThan(2000)
  }, 30_000)

  it('has the same history each time, also where four of five die', async () => {
    const [one, other] = [await runMesh({ nodes: 60, kill: 0.8 }), await runMesh({ nodes: 60, kill: 0.8 })]
    expect(other.trace).toBe(one.trace)
    expect(one.figures.delivered80).toBeGreaterThan(0.8) // hardly anybody has a neighbour left
  }, 30_000)

  it('in which every duplicate cuts a link does not come to rest under load', async () => {
    const { figures } = await runMesh({ nodes: 100, kill: 0.5, variant: 'paper' })
    expect(figures.rmr).toBeGreaterThan(0.05)
  }, 30_000)
})
