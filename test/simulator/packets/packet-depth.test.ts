// The whole stack from datagrams up, small and on fixed seeds. The floors lie just below what was measured when they
// were set; they are no goals.

import { describe, expect, it } from 'vitest'
import { measurePackets } from '../../../simulator/experiments/packet-depth.ts'
import { PacketLab } from '../../../simulator/experiments/packet-lab.ts'
import { type Figures } from '../../../simulator/experiments/experiment.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'

const SMALL = { nodes: 30, settle: 15, sends: 200, seed: 11, replicas: 0 } as const

/** What must be, whatever is measured. */
const SOUND = { joined: 1, loops: 0, deliveredTwice: 0, overlayErrors: 0 }

async function run(
  changes: Partial<SimOptions>,
): Promise<{ figures: Figures; trace: string; events: number }> {
  const lab = new PacketLab({ ...defaultOptions('packets'), ...SMALL, ...changes })
  const { figures } = await measurePackets(lab)
  return { figures, trace: lab.world.trace.words, events: lab.world.queue.processed }
}

describe(`packet depth, ${SMALL.nodes} nodes, seed ${SMALL.seed}`, () => {
  it('the same seed gives the same datagrams and figures, another seed others', async () => {
    const tiny = { nodes: 8, settle: 5, sends: 20, loss: 0.03, replicas: 2 ** 28 }
    const first = await run(tiny)
    expect(await run(tiny)).toEqual(first)
    expect((await run({ ...tiny, seed: 12 })).trace).not.toBe(first.trace)
  }, 30_000)

  it('everybody joins, and nearly everybody reaches nearly everybody through NAT boxes', async () => {
    const { figures } = await run({})
    expect(figures.behindNat).toBeGreaterThan(0.6)
    expect(figures).toMatchObject(SOUND)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.97)
    expect(figures.messagesDelivered).toBeGreaterThanOrEqual(0.9)
    expect(figures.meanHops).toBeLessThan(2.5)
    // Every dial of a home from outside it comes to nothing, and is told apart from those that do not.
    expect(figures.failedDials).toBeGreaterThan(100)
    expect(figures.dials! - figures.failedDials!).toBeGreaterThan(100)
    // Nobody punches holes yet: a session needs one end that can be called.
    expect(figures.messagesBySession).toBeLessThan(0.9)
  }, 30_000)

  it('a tenth of all datagrams lost on every path is felt in time and not in delivery', async () => {
    const { figures } = await run({ nodes: 20, loss: 0.1 })
    expect(figures).toMatchObject(SOUND)
    expect(figures.droppedLost).toBeGreaterThan(300)
    expect(figures.delivered).toBeGreaterThanOrEqual(0.95)
  }, 30_000)
})
