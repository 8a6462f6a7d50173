// A session that nobody needs ends by itself, on both sides and without a packet; one that either side needs stays.

import { describe, expect, it } from 'vitest'
import { IDLE_TIMEOUT_MS } from '../../../main/overlay/transport/session-timers.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { World, utf8 } from './world.ts'

const BEFORE_MS = IDLE_TIMEOUT_MS - 1_000
const AFTER_MS = 2_000

async function idlePair(seed: number, options = {}) {
  const world = new World(seed, { delayMs: 20, jitterMs: 0 })
  const { alice, bob, link, back } = await world.connected(options)
  const [ours, theirs] = [link as Session, back as Session]
  ours.send(utf8('the last word'))
  await world.run(100)
  return { world, alice, bob, ours, theirs }
}

describe('an idle session', () => {
  it('that neither side needs ends after 260 s, both ends alike and without a packet', async () => {
    const { world, alice, bob, ours, theirs } = await idlePair(60)
    for (const session of [ours, theirs]) session.keepAlive(false)
    const before = world.packets
    await world.run(BEFORE_MS)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    await world.run(AFTER_MS)
    expect([alice.story, bob.story]).toEqual([
      ['up', 'down: idle'],
      ['up', 'down: idle'],
    ])
    expect(world.packets).toBe(before)
    expect(ours.end).toMatchObject({ by: undefined, code: undefined, undeliveredBytes: 0 })
  })

  it.each(['alice', 'bob'])('that only %s needs stays', async (who) => {
    const { world, alice, bob, ours, theirs } = await idlePair(61)
    const unneeded = who === 'alice' ? theirs : ours
    unneeded.keepAlive(false)
    world.net.setModel({ lossRate: 0.3 })
    await world.run(1_200_000)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('counts from the last word of either side', async () => {
    const { world, alice, bob, ours, theirs } = await idlePair(62)
    for (const session of [ours, theirs]) session.keepAlive(false)
    for (const session of [ours, theirs]) {
      await world.run(BEFORE_MS)
      session.send(utf8('one more'))
      await world.run(100)
    }
    await world.run(BEFORE_MS)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    await world.run(AFTER_MS)
    expect([alice.story.at(-1), bob.story.at(-1)]).toEqual(['down: idle', 'down: idle'])
  })

  it('is kept by the side that was called within what the measured translator remembers', async () => {
    const rememberedMs = 20_000
    const { world, ours, theirs } = await idlePair(64, { keepAliveMs: 0.9 * rememberedMs })
    ours.keepAlive(false)
    theirs.pathIsTranslated(true)
    const sent: number[] = []
    world.net.tap((_, from) => from.host === '10.0.0.2' && sent.push(world.queue.nowMs))
    const startMs = world.queue.nowMs
    await world.run(rememberedMs - 500)
    expect(sent.length).toBeGreaterThan(0)
    expect(sent[0]! - startMs).toBeGreaterThan(0.9 * rememberedMs - 500)
  })

  it('that is needed again in time stays', async () => {
    const { world, alice, ours, theirs } = await idlePair(63)
    for (const session of [ours, theirs]) session.keepAlive(false)
    await world.run(100_000)
    ours.keepAlive(true)
    await world.run(600_000)
    expect(alice.story).toEqual(['up'])
  })
})
