import { describe, expect, it } from 'vitest'
import { R5n, REPLICATION } from '../../../simulator/baselines/r5n.ts'
import { deliveredShare, groundOf, meanHops, measure, type Place } from './small-network.ts'

async function run(place: Place) {
  const { carrier, wishes, pairs } = groundOf(place, 200)
  return measure(new R5n(carrier, wishes), pairs)
}

describe('R5N', () => {
  it('reaches everybody where everybody can be reached, on the way its authors describe', async () => {
    const measured = await run({ nodes: 500 })
    expect(deliveredShare(measured)).toBe(1)
    expect(meanHops(measured)).toBeLessThan(2 * Math.log2(500))
    // Each copy makes 4 log2 n hops at most, each with an acknowledgement; the answers are few beside them.
    expect(measured.packetsPerSend).toBeLessThan(2.5 * REPLICATION * 4 * Math.log2(500))
  })

  it('loses nothing where nine in ten are behind translators that nothing gets through', async () => {
    expect(deliveredShare(await run({ nodes: 500, nat: 0.9, punch: 0 }))).toBeGreaterThanOrEqual(0.995)
  })

  it('keeps about as many links as it was told to', async () => {
    const { carrier, wishes } = groundOf({ nodes: 500 }, 1)
    const entries = new R5n(carrier, wishes).entries()
    const mean = entries.reduce((total, each) => total + each, 0) / entries.length
    expect(mean).toBeGreaterThan(wishes.degree - 3)
    expect(mean).toBeLessThan(wishes.degree + 1)
  })
})
