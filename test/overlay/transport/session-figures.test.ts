// What a session says about itself: checked against what went over the wire.

import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { sessionFigures } from '../../../main/chat/status/session-figures.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { type SessionTrace } from '../../../main/overlay/transport/session-trace.ts'
import { type Frame } from '../../../main/overlay/wire/packet-frames.ts'
import { sessionFiguresSchema } from '../../../preload/contract.ts'
import { World, targetOf } from './world.ts'

const MESSAGES = 20
const MESSAGE_BYTES = 50_000
/** Each message stands behind its length, in four bytes. */
const WRITTEN_BYTES = MESSAGES * (MESSAGE_BYTES + 4)

async function transferOf(seed: number, lossRate: number) {
  const world = new World(seed, { delayMs: 20, jitterMs: 0, lossRate })
  const sent: Frame[][] = []
  const trace = new Proxy({} as SessionTrace, {
    get: (_, name) =>
      name === 'packetSent' ? (_n: number, _b: number, frames: Frame[]) => sent.push(frames) : () => {},
  })
  const alice = world.peer('10.0.0.1', { options: { tracer: () => trace } })
  const bob = world.peer('10.0.0.2')
  const session = (await world.until(alice.endpoint.dial(targetOf(bob)))) as Session
  for (let i = 0; i < MESSAGES; i++) session.send(new Uint8Array(MESSAGE_BYTES))
  await world.run(20_000)
  expect(bob.received).toHaveLength(MESSAGES)
  return { session, sent }
}

describe('the figures of a session', () => {
  it('count every byte and packet that is sent again', async () => {
    const { session, sent } = await transferOf(70, 0.05)
    const seen = new Set<string>()
    let [bytes, resentPackets] = [0, 0]
    for (const frames of sent) {
      let isAgain = false
      for (const frame of frames) {
        if (frame.type !== 'stream') continue
        bytes += frame.data.length
        isAgain ||= seen.has(`${frame.id} ${frame.offset}`)
        seen.add(`${frame.id} ${frame.offset}`)
      }
      if (isAgain) resentPackets++
    }
    const { figures } = session
    expect(figures.resentBytes).toBe(bytes - WRITTEN_BYTES)
    expect(figures.resentBytes).toBeGreaterThan(20_000)
    expect(figures.resentPackets).toBeGreaterThanOrEqual(resentPackets)
    expect(figures.resentPackets).toBeLessThanOrEqual(figures.lostPackets + 4) // and what probes repeated
    expect(resentPackets).toBeGreaterThan(20)
  })

  it('count nothing where nothing is lost', async () => {
    const { session } = await transferOf(71, 0)
    expect(session.figures).toMatchObject({ resentBytes: 0, resentPackets: 0, lostProbes: 3 })
    expect(sessionFigures(session.figures).lostPackets).toBe(0)
  })

  it('reach the window as it may be told them', async () => {
    const { session } = await transferOf(72, 0.05)
    const told = sessionFigures(session.figures)
    expect(v.parse(v.strictObject(sessionFiguresSchema.entries), told)).toEqual(told)
    expect(told).toMatchObject({ law: 'bbr', packetBytes: session.figures.packetBytes })
  })
})
