// Datagrams: at most once, never stale, never in the way.

import { describe, expect, it } from 'vitest'
import {
  MAX_DATAGRAM_DATA_BYTES,
  MAX_QUEUED_DATAGRAMS,
} from '../../../main/overlay/transport/datagram-queue.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { type Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { Bench } from './bench.ts'
import { World } from './world.ts'

/** Listens to an endpoint's datagrams; each is noted by its first two bytes, a number. */
function listening(endpoint: Endpoint, nowMs: () => number): { number: number; atMs: number }[] {
  const heard: { number: number; atMs: number }[] = []
  endpoint.on({
    up: () => {},
    down: () => {},
    message: () => {},
    datagram: (_link, bytes) => heard.push({ number: bytes[0]! * 256 + bytes[1]!, atMs: nowMs() }),
  })
  return heard
}

function numbered(number: number, length = 2): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes[0] = number >> 8
  bytes[1] = number
  return bytes
}

async function pair(model: Partial<PathModel> = {}) {
  const world = new World(50, { delayMs: 20, jitterMs: 0, ...model })
  const { alice, bob } = await world.connected()
  const heard = listening(bob.endpoint, () => world.queue.nowMs)
  const link: Session = alice.endpoint.get(bob.identity.id)!
  return { world, link, heard, back: bob.endpoint.get(alice.identity.id)! }
}

describe('a datagram', () => {
  it('arrives after half a round trip, up to the largest size', async () => {
    const { world, link, heard } = await pair()
    const sentMs = world.queue.nowMs
    link.sendDatagram(numbered(1), 100)
    link.sendDatagram(numbered(2, MAX_DATAGRAM_DATA_BYTES), 100)
    await world.run(100)
    expect(heard.map(({ number, atMs }) => [number, Math.round(atMs - sentMs)])).toEqual([
      [1, 20],
      [2, 20],
    ])
    const tooLarge = expect.objectContaining({ code: 'too-large' })
    expect(() => link.sendDatagram(new Uint8Array(MAX_DATAGRAM_DATA_BYTES + 1), 100)).toThrowError(tooLarge)
    expect(link.figures.datagrams).toMatchObject({ sent: 2, acked: 2, droppedByAge: 0, droppedByOverflow: 0 })
  })

  it('is the bytes of its moment: the caller may use its buffer again', async () => {
    const { world, link, heard } = await pair()
    const bytes = numbered(1)
    link.sendDatagram(bytes, 100)
    bytes.fill(255)
    await world.run(100)
    expect(heard.map(({ number }) => number)).toEqual([1])
  })

  it('that is lost stays lost, and none comes twice', async () => {
    const { world, link, heard } = await pair({ lossRate: 0.2, duplicateRate: 0.2, reorderRate: 0.2 })
    for (let i = 0; i < 500; i++) {
      link.sendDatagram(numbered(i), 1_000)
      await world.run(5)
    }
    await world.run(2_000)
    expect(new Set(heard.map(({ number }) => number)).size).toBe(heard.length)
    expect(heard.length).toBeGreaterThan(350)
    expect(heard.length).toBeLessThan(450)
    const { sent, acked } = link.figures.datagrams
    expect(sent).toBe(500)
    expect(acked).toBeLessThanOrEqual(heard.length)
    expect(acked).toBeGreaterThan(heard.length * 0.9)
    expect(link.isOpen).toBe(true)
  })

  it('that waits too long is dropped unsent, and the oldest go where too many wait', async () => {
    const bench = new Bench({ megabits: 1, rttMs: 40, lossRate: 0 })
    const { world } = bench
    const { link, endpoint } = await bench.pair('bbr')
    const heard = listening(endpoint, () => world.queue.nowMs)
    const sentMs: number[] = []
    for (let i = 0; i < 600; i++) {
      sentMs.push(world.queue.nowMs)
      link.sendDatagram(numbered(i, 1_000), 200)
      await world.run(4) // twice what the line carries
    }
    await world.run(1_000)
    const { datagrams } = (link as Session).figures
    const { sent, acked, droppedByAge, droppedByOverflow } = datagrams
    expect(sent + droppedByAge + droppedByOverflow).toBe(600)
    expect(droppedByAge).toBeGreaterThan(100)
    expect(heard.length).toBe(acked) // a full line loses some, until the sender knows its rate
    expect(acked).toBeGreaterThan(0.8 * sent)
    const ages = heard.map(({ number, atMs }) => atMs - sentMs[number]!)
    // 200 ms here, 20 on the way, and what the line's own queue of 40 ms adds.
    expect(Math.max(...ages)).toBeLessThan(270)
    for (let i = 0; i < 200; i++) link.sendDatagram(numbered(i, 1_000), 10_000)
    expect((link as Session).figures.datagrams.droppedByOverflow - droppedByOverflow).toBe(
      200 - MAX_QUEUED_DATAGRAMS,
    )
  })

  it('leaves streams their half, and streams leave it its own', async () => {
    const bench = new Bench({ megabits: 2, rttMs: 40, lossRate: 0 })
    const { world } = bench
    const { link, endpoint } = await bench.pair('bbr')
    const heard = listening(endpoint, () => world.queue.nowMs)
    let messageBytes = 0
    endpoint.on({
      up: () => {},
      down: () => {},
      message: (_link, { length }) => void (messageBytes += length),
    })
    for (let i = 0; i < 200; i++) link.send(new Uint8Array(5_000))
    for (let i = 0; i < 1_000; i++) {
      link.sendDatagram(numbered(i, 1_000), 100)
      await world.run(2)
    }
    const datagramBytes = heard.length * 1_000
    const lineBytes = 2_000 * bench.rate
    expect(Math.min(messageBytes, datagramBytes)).toBeGreaterThan(0.25 * lineBytes) // packets may be larger than datagrams
  })

  it('that nobody listens to, or on a closed link, is dropped in silence', async () => {
    const { world, link, back } = await pair()
    back.sendDatagram(numbered(1), 100)
    await world.run(100)
    expect(back.figures.datagrams.acked).toBe(1)
    link.close('done')
    link.sendDatagram(numbered(1), 100)
    expect(link.figures.datagrams.sent).toBe(0)
  })
})
