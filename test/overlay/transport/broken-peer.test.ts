// A peer with a session of ours that speaks, but does not keep to what makes a transport: it costs little, and not for ever.

import { describe, expect, it } from 'vitest'
import { MAX_FRAGMENTS } from '../../../main/overlay/transport/receive-stream.ts'
import { type Frame } from '../../../main/overlay/wire/packet-frames.ts'
import { OpenPeer } from './open-peer.ts'

/** More than a window and the probes of half a minute. */
const MANY_PACKETS = 300

describe('a peer that never acknowledges anything', () => {
  it('is not kept for ever, however often it pings', async () => {
    const peer = await OpenPeer.linked(80)
    const { session, bob, world } = peer
    session.send(new Uint8Array(100_000))
    for (let i = 0; i < 2_500; i++) {
      peer.say([{ type: 'ping' }])
      await world.run(10)
    }
    expect(bob.story).toEqual(['up'])
    expect(peer.heard.length).toBeGreaterThan(2_500)
    expect(session.tableSizes.sentPackets).toBeLessThan(MANY_PACKETS)
    for (let i = 0; i < 1_000; i++) {
      peer.say([{ type: 'ping' }])
      await world.run(10)
    }
    expect(bob.story).toEqual(['up', 'down: silent'])
  })

  it('does not keep itself alive by acknowledging what is oldest, now and then', async () => {
    const peer = await OpenPeer.linked(81)
    const { session, bob, world } = peer
    session.send(new Uint8Array(100_000))
    await world.run(200)
    const [first] = peer.heard
    for (let i = 0; i < 60 && session.isOpen; i++) {
      const number = first!.number + i
      peer.say([{ type: 'ack', delayUs: 0, ranges: [{ first: number, last: number }] }])
      await world.run(1_000)
      expect(session.tableSizes.sentPackets).toBeLessThan(MANY_PACKETS)
    }
    expect(bob.story).toEqual(['up', 'down: silent'])
  })
})

describe('a packet of which a part finds no room', () => {
  const piece = (offset: number, length = 1): Frame => {
    return { type: 'stream', id: 0, offset, isLast: false, data: new Uint8Array(length) }
  }

  it('is applied once, however often it comes, and is not acknowledged', async () => {
    const peer = await OpenPeer.linked(82)
    const { session, bob, world } = peer
    const datagrams: Uint8Array[] = []
    bob.endpoint.on({
      up: () => {},
      down: () => {},
      message: () => {},
      datagram: (_link, bytes) => datagrams.push(bytes.slice()),
    })
    for (let i = 0; i < MAX_FRAGMENTS; i += 64)
      peer.say(Array.from({ length: 64 }, (_, k) => piece(1 + 2 * (i + k))))
    expect(session.tableSizes.fragments).toBe(MAX_FRAGMENTS)
    const crowded = ++peer.number
    for (let i = 0; i < 5; i++)
      peer.say([{ type: 'datagram', data: Uint8Array.of(7) }, piece(100_000)], crowded)
    peer.say([{ type: 'ping' }])
    expect(datagrams).toEqual([Uint8Array.of(7)])
    expect(bob.endpoint.counters.dropped).toMatchObject({ 'no-room': 1, replayed: 4 })
    await world.run(1_000)
    const acked = peer.heard
      .flatMap(({ frames }) => frames)
      .flatMap((f) => (f.type === 'ack' ? f.ranges : []))
    expect(acked.some(({ last }) => last === crowded + 1)).toBe(true)
    expect(acked.some(({ first, last }) => first <= crowded && crowded <= last)).toBe(false)
    peer.say([piece(0, 2 * MAX_FRAGMENTS)])
    peer.say([piece(100_000)])
    expect([session.tableSizes.fragments, bob.story]).toEqual([1, ['up']])
  })

  it('is remembered in bounds', async () => {
    const peer = await OpenPeer.linked(83)
    const { session, bob } = peer
    for (let i = 0; i < MAX_FRAGMENTS; i += 64)
      peer.say(Array.from({ length: 64 }, (_, k) => piece(1 + 2 * (i + k))))
    const first = peer.number + 2
    for (let i = 0; i < 200; i++) peer.say([piece(100_000)], first + 2 * i)
    expect(session.tableSizes.receivedRanges).toBeLessThanOrEqual(2 * 64 + 1)
    const before = bob.endpoint.counters.dropped['replayed'] ?? 0
    for (let i = 0; i < 200; i++) peer.say([piece(100_000)], first + 2 * i)
    expect([bob.endpoint.counters.dropped['replayed'], bob.story]).toEqual([before + 200, ['up']])
  })
})
