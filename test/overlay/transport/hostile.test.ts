// Strangers and noise at an endpoint that has a session: nothing escapes, nothing grows, everything is counted.

import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { MAX_HALF_OPEN } from '../../../main/overlay/transport/admission.ts'
import { PACKET_INITIATION, PACKET_SEALED } from '../../../main/overlay/wire/packet.ts'
import { type DropReason } from '../../../main/overlay/transport/counters.ts'
import {
  type Dropped,
  EXPECTED_REASONS,
  fuzzDecoders,
  fuzzHandshake,
  fuzzPeer,
  fuzzSession,
} from './packet-fuzz.ts'
import { World, targetOf } from './world.ts'

const MALLORY = { host: '10.6.6.6', port: 666 }

describe('100,000 random, truncated, mutated and replayed packets', () => {
  const dropped: Dropped = {}
  const count = (more: Dropped): void => {
    for (const [reason, times] of Object.entries(more))
      dropped[reason as DropReason] = (dropped[reason as DropReason] ?? 0) + times
  }

  it('make no decoder throw anything but its own errors', () => count(fuzzDecoders(66, 40_000)))
  it('leave nothing behind a handshake', async () => count(await fuzzHandshake(67, 20_000)))
  it('do not touch a session', async () => count(await fuzzSession(60, 38_000)))
  it('end a session at most, where they are its own', async () => count(await fuzzPeer(68, 2_000)))

  it('are counted by every reason', () => {
    for (const reason of EXPECTED_REASONS) expect(dropped[reason], reason).toBeGreaterThan(20)
  })
})

describe('an endpoint with a session', () => {
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
