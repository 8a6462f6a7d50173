// Strangers and noise at an endpoint that has a session: nothing escapes, nothing grows, everything is counted.

import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { MAX_HALF_OPEN } from '../../../main/overlay/transport/admission.ts'
import { PACKET_INITIATION, PACKET_SEALED } from '../../../main/overlay/wire/packet.ts'
import { World, targetOf, text, utf8 } from './world.ts'

const MALLORY = { host: '10.6.6.6', port: 666 }

function mutate(world: World, packet: Bytes): Bytes {
  const { random } = world
  const copy = packet.slice()
  for (let i = random.below(3); i >= 0; i--) copy[random.below(copy.length)]! ^= 1 << random.below(8)
  return copy
}

/** As if the keys had changed. */
function inOtherPhase(packet: Bytes): Bytes {
  const copy = packet.slice()
  copy[0]! ^= 0x80
  return copy
}

describe('an endpoint with a session', () => {
  it('survives 100,000 random, truncated, mutated and replayed packets', async () => {
    const world = new World(60)
    const captured: Bytes[] = []
    world.net.tap((datagram) => captured.length < 400 && captured.push(datagram.slice()))
    const { alice, bob, link, back } = await world.connected()
    for (let i = 0; i < 50; i++) {
      link.send(world.random.bytes(500))
      back.send(world.random.bytes(500))
      await world.run(20)
    }
    await world.run(1_000)
    const before = { sizes: bob.endpoint.get(alice.identity.id)!.tableSizes, received: bob.received.length }
    const { received: _, ...traffic } = { ...bob.endpoint.counters, received: 0 }
    const { random } = world
    for (let i = 0; i < 100_000; i++) {
      const packet = captured[random.below(captured.length)]!
      const shapes = [
        () => random.bytes(random.below(80)),
        () => Uint8Array.of(1 + random.below(6), ...random.bytes(random.below(60))),
        () => packet.slice(0, random.below(packet.length + 1)),
        () => mutate(world, packet),
        () => packet.slice(),
        () => inOtherPhase(packet),
      ]
      bob.socket.arrive(shapes[random.below(shapes.length)]!(), MALLORY)
      if (i % 1_000 === 0) await world.run(20)
    }
    await world.run(10_000)
    const { dropped, receivedPackets } = bob.endpoint.counters
    const session = bob.endpoint.get(alice.identity.id)!
    expect(receivedPackets - traffic.receivedPackets).toBeGreaterThanOrEqual(100_000)
    const droppedInAll = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    expect(droppedInAll).toBeGreaterThan(95_000) // the rest: repeated initiations, answered and forgotten
    const reasons = ['unknown-kind', 'unknown-connection', 'malformed', 'not-authentic', 'replayed']
    for (const reason of [...reasons, 'unexpected-retry', 'unexpected-refusal', 'unexpected-response'])
      expect(dropped[reason], reason).toBeGreaterThan(20)
    expect(dropped['listener-failed']).toBeUndefined()
    expect(session).toBe(back)
    expect(session.tableSizes.receivedRanges).toBeLessThanOrEqual(before.sizes.receivedRanges + 1)
    expect(session.address).toEqual(alice.socket.local)
    expect(bob.endpoint.tableSizes).toEqual({ sessions: 1, halfOpen: 0, dials: 0 })
    expect(bob.received.length).toBe(before.received)
    link.send(utf8('still here'))
    await world.run(500)
    expect(text(bob.received.at(-1)!)).toBe('still here')
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('answers nobody with more than three times what it got', async () => {
    const world = new World(61)
    const [alice, bob] = world.pair()
    const sent = new Map<string, number>()
    world.net.tap((datagram, from) => sent.set(from.host, (sent.get(from.host) ?? 0) + datagram.length))
    alice.socket.onDatagram(() => {}) // deaf: it never confirms
    await expect(world.until(alice.endpoint.dial(targetOf(bob)))).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(sent.get('10.0.0.1')).toBeGreaterThan(6 * 1_200)
    expect(sent.get('10.0.0.2')).toBeLessThan(sent.get('10.0.0.1')!)
    expect(bob.story).toEqual([])
  })

  it('makes no link of a replayed initiation', async () => {
    const world = new World(62)
    const captured: Bytes[] = []
    world.net.tap((datagram, from) => from.host === '10.0.0.1' && captured.push(datagram.slice()))
    const { bob } = await world.connected()
    await world.run(10_000)
    for (const packet of captured) bob.socket.arrive(packet, MALLORY)
    await world.run(1_000)
    expect(bob.endpoint.tableSizes).toEqual({ sessions: 1, halfOpen: 1, dials: 0 })
    for (const packet of captured) bob.socket.arrive(packet, MALLORY)
    await world.run(10_000)
    expect(bob.story).toEqual(['up'])
    expect(bob.endpoint.tableSizes).toEqual({ sessions: 1, halfOpen: 0, dials: 0 })
  })

  it('bounds half-open sessions and the work of handshakes', async () => {
    const world = new World(63)
    const bob = world.peer('10.0.0.2')
    const initiations: Bytes[] = []
    world.net.tap((datagram) => datagram[0] === PACKET_INITIATION && initiations.push(datagram.slice()))
    world.net.setModel({ lossRate: 1 })
    const mallory = world.peer('10.6.6.6')
    for (let i = 0; i < 600; i++) {
      mallory.endpoint.dial(targetOf(bob)).catch(() => {}) // fails, and is meant to
      await mallory.endpoint.stop()
      Object.assign(mallory, world.peer('10.6.6.6', { identity: mallory.identity }))
    }
    for (const packet of initiations) bob.socket.arrive(packet, MALLORY)
    expect(bob.endpoint.tableSizes.halfOpen).toBe(100)
    expect(bob.endpoint.tableSizes.halfOpen).toBeLessThan(MAX_HALF_OPEN)
    expect(bob.endpoint.counters.dropped).toEqual({ 'address-unproven': 500 })
    await world.run(6_000)
    expect(bob.endpoint.tableSizes.halfOpen).toBe(0)
  })

  it('lets a forged response delay a dial, but not end it', async () => {
    const world = new World(64)
    const [alice, bob] = world.pair()
    const forged: Bytes[] = []
    world.net.tap((datagram, from) => {
      if (from.host !== '10.0.0.2' || forged.length > 0) return
      forged.push(datagram.slice())
      const spoilt = datagram.slice()
      spoilt[60]! ^= 1
      alice.socket.arrive(spoilt, bob.socket.local) // overtakes the true one
    })
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(link.isOpen).toBe(true)
    expect(alice.endpoint.counters.dropped.malformed).toBeGreaterThan(0)
  })

  it('drops sealed packets of a session it does not know', async () => {
    const world = new World(65)
    const bob = world.peer('10.0.0.2')
    bob.socket.arrive(Uint8Array.of(PACKET_SEALED, ...world.random.bytes(60)), MALLORY)
    expect(bob.endpoint.counters.dropped).toEqual({ 'unknown-connection': 1 })
    expect(bob.endpoint.counters.sentPackets).toBe(0)
  })
})
