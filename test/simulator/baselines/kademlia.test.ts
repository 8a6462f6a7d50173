import { describe, expect, it } from 'vitest'
import { Kademlia } from '../../../simulator/baselines/kademlia.ts'
import { BUCKET_SIZE, KademliaTable } from '../../../simulator/baselines/kademlia-table.ts'
import { deliveredShare, groundOf, meanHops, measure } from './small-network.ts'

async function run(place: Parameters<typeof groundOf>[0], dead: number[] = []) {
  const { carrier, pairs } = groundOf(place, 400, new Set(dead))
  const kademlia = new Kademlia(carrier)
  const measured = await measure(kademlia, pairs, dead)
  return { measured, pairs, carrier, ...kademlia.more(pairs.length) } as {
    measured: typeof measured
    pairs: typeof pairs
    carrier: typeof carrier
    LookupSuccess: number
    LookupHops: number
  }
}

describe('Kademlia', () => {
  it('finds and reaches everybody where everybody can be reached, in far fewer steps than log2 n', async () => {
    const { measured, LookupSuccess, LookupHops } = await run({ nodes: 1000 })
    expect(LookupSuccess).toBe(1)
    expect(deliveredShare(measured)).toBe(1)
    // A step with k = 20 brings at least log2(20) = 4.3 of the log2(1000) = 10 bits.
    expect(LookupHops).toBeGreaterThan(0.5)
    expect(LookupHops).toBeLessThan(Math.log2(1000) / Math.log2(BUCKET_SIZE))
    expect(meanHops(measured)).toBeCloseTo(LookupHops + 1, 1)
    // Alpha at a time: three requests and their answers a step, the message and its answer.
    expect(measured.packetsPerSend).toBeLessThan(2 + 6 * (LookupHops + 0.5))
  })

  it('takes more steps in a larger network, by less than the logarithm', async () => {
    const [small, large] = [await run({ nodes: 200 }), await run({ nodes: 3200 })]
    expect(large.LookupSuccess).toBe(1)
    expect(large.LookupHops).toBeGreaterThan(small.LookupHops + 0.2)
    expect(large.LookupHops).toBeLessThan(small.LookupHops + 2)
  })

  it('knows everybody by name in a network no larger than a bucket', async () => {
    const { measured, LookupHops } = await run({ nodes: BUCKET_SIZE, loss: 0 })
    expect(LookupHops).toBe(0)
    expect(measured.packetsPerSend).toBe(2)
  })

  it('finds the living although a third has just died', async () => {
    const dead = Array.from({ length: 600 }, (_, host) => host).filter((host) => host % 3 === 0)
    const { measured, LookupSuccess } = await run({ nodes: 600 }, dead)
    expect(LookupSuccess).toBeGreaterThan(0.99)
    expect(deliveredShare(measured)).toBeGreaterThan(0.97)
  })

  it('finds nearly all behind translators and reaches those that it may speak to', async () => {
    const { measured, LookupSuccess, pairs, carrier } = await run({ nodes: 600, nat: 0.9, punch: 0 })
    const linkable = pairs.filter(([a, b]) => carrier.terrain.canLink(a, b)).length / pairs.length
    expect(LookupSuccess).toBeGreaterThan(0.97)
    expect(deliveredShare(measured)).toBeLessThanOrEqual(linkable)
    expect(deliveredShare(measured)).toBeGreaterThan(linkable - 0.02)
  })
})

describe('a k-bucket', () => {
  it('keeps those it has, and replaces one only after five silences and where somebody waits', () => {
    const ids = Uint32Array.from({ length: 30 }, (_, host) => (host === 0 ? 0 : 2 ** 31 + host))
    const table = new KademliaTable(ids, 0)
    for (let host = 1; host <= BUCKET_SIZE; host++) table.heardFrom(host)
    for (let i = 0; i < 9; i++) table.silentWas(1)
    expect(table.closest(ids[1]!)).toContain(1)
    table.heardFrom(25)
    expect(table.closest(ids[25]!)).not.toContain(25)
    for (let i = 0; i < 4; i++) table.silentWas(2)
    table.heardFrom(2)
    table.silentWas(2)
    expect(table.closest(ids[2]!)).toContain(2)
    table.silentWas(1)
    expect(table.closest(ids[1]!)).not.toContain(1)
    expect(table.closest(ids[25]!)[0]).toBe(25)
    expect(table.size).toBe(BUCKET_SIZE)
  })
})
