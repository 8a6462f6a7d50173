// Whatever the network does short of silence: every message, both ways, whole, in order, once.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { type Peer, World, targetOf } from './world.ts'

interface Sent {
  messages: Uint8Array[]
  delivered: boolean[]
}

/** Sends a burst of messages of all sizes now, and more over the next seconds. */
function talk(world: World, link: Link, random: SeededRandom, count: number): Sent {
  const sent: Sent = { messages: [], delivered: [] }
  const sendOne = () => {
    const message = random.bytes(random.unit() < 0.1 ? random.below(6_000) : random.below(300))
    sent.messages.push(message)
    link.send(message, (isDelivered) => sent.delivered.push(isDelivered))
  }
  for (let i = 0; i < count; i++)
    if (random.unit() < 0.5) sendOne()
    else world.clock.after(random.below(3_000), sendOne)
  return sent
}

async function dialUntilLinked(world: World, from: Peer, to: Peer): Promise<Link> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      return await world.until(from.endpoint.dial(targetOf(to)))
    } catch {
      continue // a third of the packets lost may lose a whole dial; a person tries again
    }
  }
  throw new Error('five dials failed')
}

function digest(messages: Uint8Array[]): string[] {
  return messages.map((message) => `${message.length}:${message.subarray(0, 16).join()}`)
}

const path = fc.record({
  delayMs: fc.integer({ min: 1, max: 150 }),
  jitterMs: fc.integer({ min: 0, max: 20 }),
  lossRate: fc.integer({ min: 0, max: 30 }).map((percent) => percent / 100),
  duplicateRate: fc.integer({ min: 0, max: 20 }).map((percent) => percent / 100),
  reorderRate: fc.integer({ min: 0, max: 30 }).map((percent) => percent / 100),
})

describe('delivery', () => {
  it('is complete, in order and once on any path', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), path, async (seed, model) => {
        const world = new World(seed, model)
        const [alice, bob] = world.pair()
        const link = await dialUntilLinked(world, alice, bob)
        const forth = talk(world, link, new SeededRandom(seed + 2), 120)
        await world.run(1_000)
        const back = talk(world, bob.endpoint.get(alice.identity.id)!, new SeededRandom(seed + 3), 120)
        await world.run(60_000)
        expect(alice.story).toEqual(['up'])
        expect(bob.story).toEqual(['up'])
        expect(digest(bob.received)).toEqual(digest(forth.messages))
        expect(digest(alice.received)).toEqual(digest(back.messages))
        expect(forth.delivered).toEqual(forth.messages.map(() => true))
        expect(back.delivered).toEqual(back.messages.map(() => true))
        expect(alice.endpoint.get(bob.identity.id)!.queuedBytes).toBe(0)
      }),
      { numRuns: 150 },
    )
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
