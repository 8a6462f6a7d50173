// What size the packets of a path come to have, what finding it costs, and what happens when the path changes.

import { describe, expect, it } from 'vitest'
import { PathMtu } from '../../../main/overlay/transport/path-mtu.ts'
import { IP_UDP_HEADER_BYTES } from '../../../simulator/net/path-model.ts'
import { World } from './world.ts'
import { inOrder, transfer } from './watched-transfer.ts'

const BULK = { bytes: 50_000, atOnce: 60 }

/** IP packets that a path carries, and the UDP payload that bulk shall come to have on it. */
const PATHS: [string, number, number][] = [
  ['the least that IPv6 allows', 1_280, 1_252],
  ['a tunnel', 1_400, 1_372],
  ['WireGuard', 1_420, 1_392],
  ['PPPoE', 1_492, 1_464],
  ['Ethernet', 1_500, 1_472],
  ['InfiniBand', 4_096, 4_024],
  ['jumbo frames', 9_000, 8_972],
  ['the loopback of macOS', 16_384, 16_356],
  ['loopback', 65_535, 65_507],
]

/** Asks for sizes on a path that carries so much, while full packets are sent; returns the sizes asked for. */
function search(mtu: PathMtu, carriedBytes: number, packets: number, nowMs = 0): number[] {
  const asked: number[] = []
  for (let i = 0; i < packets; i++) {
    const bytes = mtu.dueBytes
    if (bytes !== undefined) {
      asked.push(bytes)
      const probe = mtu.probeSent(nowMs)
      if (bytes <= carriedBytes) probe.acked()
      else probe.lost()
    }
    mtu.packetSent(mtu.packetBytes, nowMs)
  }
  return asked
}

describe('the search for the path MTU', () => {
  it.each(PATHS)('finds the size for %s with few probes', (_name, mtuBytes, expected) => {
    const mtu = new PathMtu(65_507, () => {})
    const asked = search(mtu, mtuBytes - IP_UDP_HEADER_BYTES, 10_000)
    expect(mtu.packetBytes).toBe(expected)
    expect(asked.length).toBeLessThanOrEqual(13)
  })

  it('finds for any path a size that is at most 41 bytes short below Ethernet', () => {
    for (let carried = 1_200; carried <= 1_472; carried++) {
      const mtu = new PathMtu(65_507, () => {})
      search(mtu, carried, 3_000)
      expect(mtu.packetBytes).toBeLessThanOrEqual(carried)
      expect(mtu.packetBytes).toBeGreaterThan(carried - 41)
    }
  })

  it('asks for nothing beyond what the socket sends in one piece', () => {
    const mtu = new PathMtu(1_400, () => {})
    expect(search(mtu, Infinity, 10_000)).toEqual([1_392])
  })

  it('begins after 20 full packets, and pays for each probe with sixteen times its bytes', () => {
    const mtu = new PathMtu(65_507, () => {})
    for (let i = 0; i < 100; i++) mtu.packetSent(900, 0)
    expect(mtu.dueBytes).toBeUndefined()
    for (let i = 0; i < 19; i++) mtu.packetSent(1_200, 0)
    expect(mtu.dueBytes).toBeUndefined()
    mtu.packetSent(1_200, 0)
    expect(mtu.dueBytes).toBe(1_472)
    mtu.probeSent(0).acked()
    for (let i = 0; i < 97; i++) mtu.packetSent(1_472, 0)
    expect(mtu.dueBytes).toBeUndefined()
    mtu.packetSent(1_472, 0)
    expect(mtu.dueBytes).toBe(8_972)
  })

  it('asks again after ten minutes, and not before', () => {
    const mtu = new PathMtu(65_507, () => {})
    search(mtu, 1_472, 10_000)
    expect(search(mtu, 8_972, 10_000, 599_000)).toEqual([])
    search(mtu, 8_972, 10_000, 601_000)
    expect(mtu.packetBytes).toBe(8_972)
  })

  it('believes one black hole after three rounds of losses, and none where one such packet arrives', () => {
    const packet = (bytes: number, sentMs: number) => ({ bytes, sentMs }) as never
    const sizes: number[] = []
    const mtu = new PathMtu(65_507, (bytes) => sizes.push(bytes))
    search(mtu, 1_472, 1_000)
    for (let round = 0; round < 10; round++) {
      if (round % 2 === 0) mtu.packetAcked(1_472)
      mtu.packetsLost([packet(1_472, 100 * round + 50)], 100 * (round + 1))
    }
    expect(sizes).toEqual([1_472])
    for (let i = 0; i < 10; i++) mtu.packetsLost([packet(1_472, 900)], 1_001 + i) // one round in ten acks
    expect(sizes).toEqual([1_472])
    mtu.packetAcked(1_200)
    mtu.packetsLost([packet(1_472, 1_100)], 1_200)
    expect(sizes).toEqual([1_472, 1_200])
    expect(mtu.blackHoles).toBe(1)
    expect(search(mtu, 1_472, 10_000, 1_300)).not.toContain(1_472)
    expect(mtu.packetBytes).toBe(1_464)
  })
})

describe('a session', () => {
  it.each(PATHS)('in bulk comes to full packets on %s', async (_name, mtuBytes, expected) => {
    const world = new World(70, { delayMs: 5, jitterMs: 0, mtuBytes })
    const { alice, bob, link } = await world.connected()
    let probeBytes = 0
    world.net.tap((datagram, from) => {
      const session = alice.endpoint.get(bob.identity.id)!
      if (from.host === '10.0.0.1' && datagram.length > session.figures.packetBytes)
        probeBytes += datagram.length
    })
    const state = transfer(world, link, bob, { ...BULK, messages: 250 })
    await world.run(60_000)
    expect(state.arrived).toEqual(inOrder(250))
    expect(alice.endpoint.get(bob.identity.id)!.figures.packetBytes).toBe(expected)
    expect(bob.endpoint.get(alice.identity.id)!.figures.packetBytes).toBe(1_200)
    expect(probeBytes).toBeLessThan((250 * 50_000) / 16)
  })

  it.each(['bbr', 'cubic', 'ledbat'] as const)('finds it under %s, too', async (congestionLaw) => {
    const world = new World(71, { delayMs: 5, jitterMs: 0, mtuBytes: 9_000 })
    const { alice, bob, link } = await world.connected({ keepAliveMs: 25_000, congestionLaw })
    transfer(world, link, bob, { ...BULK, messages: 250 })
    await world.run(60_000)
    expect(alice.endpoint.get(bob.identity.id)!.figures.packetBytes).toBe(8_972)
  })

  it('that only talks never sends more than 1,200 bytes', async () => {
    const world = new World(72)
    const { bob, link } = await world.connected()
    let largest = 0
    world.net.tap((datagram) => (largest = Math.max(largest, datagram.length)))
    for (let i = 0; i < 500; i++) {
      link.send(new Uint8Array(900))
      await world.run(200)
    }
    expect(bob.received.length).toBe(500)
    expect(largest).toBeLessThan(1_200)
  })

  it('knows each direction for itself', async () => {
    const world = new World(73, { delayMs: 5, mtuBytes: 9_000 })
    const { alice, bob, link, back } = await world.connected()
    world.net.setOneWay({ mtuBytes: 1_500 }, '10.0.0.2', '10.0.0.1')
    const forth = transfer(world, link, bob, { ...BULK, messages: 100 })
    const home = transfer(world, back, alice, { ...BULK, messages: 100 })
    await world.run(60_000)
    expect([forth.arrived, home.arrived]).toEqual([inOrder(100), inOrder(100)])
    expect(alice.endpoint.get(bob.identity.id)!.figures.packetBytes).toBe(8_972)
    expect(bob.endpoint.get(alice.identity.id)!.figures.packetBytes).toBe(1_472)
  })

  const SHRINKING = [
    { law: 'bbr', before: 1_500, after: 1_400, found: 1_372 },
    { law: 'bbr', before: 65_535, after: 1_280, found: 1_252 },
    { law: 'cubic', before: 9_000, after: 1_500, found: 1_472 },
    { law: 'ledbat', before: 1_500, after: 1_228, found: 1_200 },
  ] as const
  it.each(SHRINKING)(
    'under $law goes on within a second where $before bytes become $after',
    async ({ law, before, after, found }) => {
      const world = new World(74, { delayMs: 20, jitterMs: 1, mtuBytes: before })
      const { alice, bob, link } = await world.connected({ keepAliveMs: 25_000, congestionLaw: law })
      const state = transfer(world, link, bob, { ...BULK, messages: 1_500 })
      while (state.arrived.length < 250) await world.run(10)
      state.stallMs = 0
      world.net.setModel({ mtuBytes: after })
      await world.run(120_000)
      const session = alice.endpoint.get(bob.identity.id)!
      console.log(`${law}, ${before} to ${after}: stalled for ${state.stallMs.toFixed(0)} ms`)
      expect(state.arrived).toEqual(inOrder(1_500))
      expect([alice.story, bob.story]).toEqual([['up'], ['up']])
      expect(session.figures.packetBytes).toBe(found)
      expect(session.figures.blackHoles).toBe(1)
      expect(state.stallMs).toBeLessThan(1_000)
    },
  )
})
