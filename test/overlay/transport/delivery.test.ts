// Whatever the network does short of silence: every message, both ways, whole, in order, once.

import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { checkDelivery, talk } from './delivery-seed.ts'
import { World } from './world.ts'

const SEEDS = 150

describe('delivery', () => {
  it(`is complete, in order and once on any path (seeds 1 to ${SEEDS})`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) await expect(checkDelivery(seed)).resolves.toBeUndefined()
  })

  it('carries megabytes through the flow control window on a lossy path', async () => {
    const world = new World(11, { delayMs: 10, lossRate: 0.02, reorderRate: 0.05 })
    const { bob, link } = await world.connected()
    const total = 60
    for (let i = 0; i < total; i++) link.send(new Uint8Array(100_000).fill(i))
    await world.run(120_000)
    expect(bob.received.map((message) => [message.length, message[0], message[99_999]])).toEqual(
      Array.from({ length: total }, (_, i) => [100_000, i, i]),
    )
  })

  it('takes its window back on a path that only reorders', async () => {
    const delivered = async (reorderRate: number) => {
      const world = new World(13, { delayMs: 20, jitterMs: 0, reorderRate })
      const options = { keepAliveMs: 25_000, congestionLaw: 'cubic' as const }
      const { bob, link } = await world.connected(options)
      for (let i = 0; i < 40; i++) link.send(new Uint8Array(100_000))
      await world.run(800)
      return bob.received.length / 40
    }
    expect(await delivered(0.02)).toBeGreaterThan(0.5)
  })

  it('lets the flow control window grow where it holds a sender back', async () => {
    const world = new World(14, { delayMs: 100, jitterMs: 0 })
    const { bob, link } = await world.connected()
    for (let i = 0; i < 160; i++) link.send(new Uint8Array(100_000))
    await world.run(2_800)
    // A window of 1 MiB lets 14 MiB through in that time, which is 146 messages.
    expect(bob.received.length).toBe(160)
  })

  it('tells the same story for the same seed', async () => {
    const trace = async () => {
      const world = new World(12, { lossRate: 0.1, jitterMs: 10, reorderRate: 0.1 })
      const lines: string[] = []
      world.net.tap((datagram, from, to) =>
        lines.push(`${world.queue.nowMs} ${from.host} ${to.host} ${datagram.join()}`),
      )
      const { link } = await world.connected()
      talk(world, link, new SeededRandom(5), 40)
      await world.run(10_000)
      return lines
    }
    expect(await trace()).toEqual(await trace())
  })
})
