// Everything at once: a path that loses, disorders and shrinks, peers that move, keys that change. Every byte, in order, once.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CongestionLaw } from '../../../main/overlay/transport/congestion/laws.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { type Peer, World } from './world.ts'

const MESSAGES = 40
const MESSAGE_BYTES = 30_000

const change = fc.record({
  atMs: fc.integer({ min: 0, max: 4_000 }),
  what: fc.oneof(
    fc.constantFrom('alice moves', 'bob moves', 'alice another port'),
    fc.constantFrom(1_228, 1_280, 1_500, 4_096, 9_000, 65_535),
  ),
})

const scene = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  law: fc.constantFrom<CongestionLaw>('bbr', 'cubic', 'ledbat'),
  delayMs: fc.integer({ min: 1, max: 60 }),
  lossPercent: fc.integer({ min: 0, max: 25 }),
  disorderPercent: fc.integer({ min: 0, max: 20 }),
  changes: fc.array(change, { maxLength: 6 }),
})

function send(world: World, link: Link): void {
  for (let i = 0; i < MESSAGES; i++)
    world.clock.after(i * 100, () => link.send(new Uint8Array(MESSAGE_BYTES).fill(i)))
}

/** The host can be reached at its old address for a while, too: else two who move at once have lost each other. */
function move(world: World, peer: Peer, host: string, port: number): void {
  const old = peer.socket.local
  peer.socket.moveTo({ host, port }, (address, receiver) => world.net.attach(address, receiver))
  world.net.attach(old, peer.socket)
}

describe('a session on a path that changes in every way', () => {
  it('delivers everything, in order, once', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ seed, law, delayMs, lossPercent, disorderPercent, changes }) => {
        const world = new World(seed, { delayMs, jitterMs: delayMs / 10, mtuBytes: 9_000 })
        const options = { keepAliveMs: 25_000, congestionLaw: law, packetsPerKey: 64 }
        const { alice, bob, link, back } = await world.connected(options)
        const lossRate = lossPercent / 100
        world.net.setModel({
          lossRate,
          reorderRate: disorderPercent / 100,
          duplicateRate: disorderPercent / 200,
        })
        send(world, link)
        send(world, back)
        changes.forEach(({ atMs, what }, i) =>
          world.clock.after(atMs, () => {
            if (typeof what === 'number') world.net.setModel({ mtuBytes: what })
            else if (what === 'alice another port') move(world, alice, alice.socket.local.host, 5_000 + i)
            else move(world, what === 'alice moves' ? alice : bob, `10.7.${i}.${what.length}`, 77)
          }),
        )
        await world.run(6_000)
        world.net.setModel({ lossRate: Math.min(lossRate, 0.05) })
        await world.run(60_000)
        for (const { story, received } of [alice, bob]) {
          expect(story).toEqual(['up'])
          expect(received.map((message) => message[MESSAGE_BYTES - 1])).toEqual(
            Array.from({ length: MESSAGES }, (_, i) => i),
          )
        }
        for (const { endpoint } of [alice, bob])
          expect(endpoint.counters.dropped['bad-frame']).toBeUndefined()
        expect(bob.endpoint.get(alice.identity.id)!.figures.keyUpdates).toBeGreaterThan(0)
      }),
      { numRuns: 30, seed: 20_261_121 },
    )
  }, 60_000)
})
