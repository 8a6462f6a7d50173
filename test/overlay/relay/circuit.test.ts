// Two people behind NATs that nothing gets through, and a volunteer in public. Round trips between any two are 80 ms, so by way
// of the volunteer 160.

import { describe, expect, it } from 'vitest'
import { isCircuit } from '../../../main/overlay/ports/datagram-socket.ts'
import { PACKET_CARRIED } from '../../../main/overlay/wire/carried-packet.ts'
import { IDLE_MS } from '../../../main/overlay/relay/relay-limits.ts'
import { type Person, RelayStage, targetOf } from './stage.ts'

const ALICE = '203.0.113.1'
const BOB = '198.51.100.1'
const RELAY = '192.0.2.1'
const ONE_WAY_MS = 40

function stageOf(seed: number, model: ConstructorParameters<typeof RelayStage>[1] = {}) {
  const stage = new RelayStage(seed, model)
  return { stage, alice: stage.athome(ALICE), bob: stage.athome(BOB), relay: stage.volunteer(RELAY) }
}

function said(text: string): Uint8Array {
  return Uint8Array.of(200, ...new TextEncoder().encode(text))
}

function wholly(person: Person): number[] {
  return person.received.map(({ length }) => length)
}

async function callThrough(relay: Person, from: Person, to: Person): Promise<void> {
  const address = await from.relays.circuitTo(relay.identity.id, to.identity.id)
  await from.endpoint.dial({ ...targetOf(to, address), isExpected: true })
}

describe('a session through a relay', () => {
  it('is an ordinary session to both ends, and the relay sees packets only', async () => {
    const { stage, alice, bob, relay } = stageOf(1, { jitterMs: 0 })
    const direct = await stage.until(
      alice.endpoint.dial(targetOf(bob, { host: BOB, port: 4000 })).catch(({ code }) => code as string),
    )
    expect(direct).toBe('unreachable')
    const link = await stage.linkedThrough(relay, alice, bob)
    expect(isCircuit(link.address!)).toBe(true)
    link.send(said('to Bob'))
    bob.endpoint.get(alice.identity.id)!.send(said('to Alice'))
    await stage.run(200)
    expect([alice.received, bob.received]).toEqual([[said('to Alice')], [said('to Bob')]])
    expect(relay.received).toEqual([])
    expect(link.rttMs).toBeGreaterThan(159)
    expect(relay.carried.passed.packets).toBeGreaterThan(4)
    expect(relay.relays.status).toMatchObject({ circuits: 1, reservations: 1, peopleThisMonth: 2 })
  })

  it('carries 128 KiB both ways at a loss of 5 %, and finds the MTU of the path', async () => {
    const { stage, alice, bob, relay } = stageOf(2, { lossRate: 0.05 })
    const link = await stage.linkedThrough(relay, alice, bob)
    const back = bob.endpoint.get(alice.identity.id)!
    const sizes: number[] = []
    stage.net.tap((datagram, _from, to) => {
      if (datagram[0] === PACKET_CARRIED && to.host === RELAY) sizes.push(datagram.length)
    })
    const large = new Uint8Array(128 * 1024).fill(201)
    const acked: boolean[] = []
    for (let i = 0; i < 4; i++) {
      link.send(large, (delivered) => acked.push(delivered))
      back.send(large, (delivered) => acked.push(delivered))
    }
    await stage.run(30_000)
    expect([wholly(alice), wholly(bob)]).toEqual(Array(2).fill(Array(4).fill(large.length)))
    expect(alice.received.concat(bob.received).every((each) => each.every((byte) => byte === 201))).toBe(true)
    expect(acked).toEqual(Array(8).fill(true))
    // Ethernet's 1,472 less the 9 bytes of the header is no size that is asked for: 1,452 is the largest below.
    expect(link.isOpen && alice.endpoint.get(bob.identity.id)!.figures.packetBytes).toBe(1_452)
    expect(sizes.reduce((most, size) => Math.max(most, size), 0)).toBeLessThanOrEqual(65_507)
  })

  it('tells nobody a circuit address, nor believes one', async () => {
    const { stage, alice, bob, relay } = stageOf(3)
    const seen: string[] = []
    for (const person of [alice, bob])
      person.endpoint.onObservedAddress((link, address) => seen.push(`${link.peer.id} ${address.host}`))
    await stage.linkedThrough(relay, alice, bob)
    await stage.run(1_000)
    expect(seen.every((each) => each.startsWith(relay.identity.id))).toBe(true)
    expect(new Set(seen.map((each) => each.split(' ')[1]))).toEqual(new Set([ALICE, BOB]))
    const [circuit] = [alice.endpoint.get(bob.identity.id)!.address]
    alice.endpoint.advertise('mapped', [circuit, { host: ALICE, port: 1 }])
    expect(alice.endpoint.self.addresses).toEqual([{ host: ALICE, port: 1 }, alice.socket.local])
  })

  it('ends at both ends in time when the relay dies, and so do the circuits', async () => {
    const { stage, alice, bob, relay } = stageOf(4)
    const link = await stage.linkedThrough(relay, alice, bob)
    await relay.socket.close()
    link.send(said('into the void'))
    await stage.run(8_000)
    expect(alice.story.filter((each) => each.startsWith('down'))).toHaveLength(2)
    expect(alice.gone).toEqual(['relay lost'])
    expect(alice.relays.status.ownCircuits).toBe(0)
    await stage.run(80_000)
    expect(bob.story.filter((each) => each.startsWith('down'))).toHaveLength(2)
  })

  it('goes on when an end moves to another port of its NAT, though nothing tells it that', async () => {
    const { stage, alice, bob, relay } = stageOf(5)
    const link = await stage.linkedThrough(relay, alice, bob)
    alice.nat!.restart()
    const sentMs = stage.queue.nowMs
    let ackedMs = Infinity
    link.send(said('after the move'), () => (ackedMs = stage.queue.nowMs))
    await stage.run(3_000)
    expect(bob.received).toEqual([said('after the move')])
    console.log(`another port: acknowledged after ${(ackedMs - sentMs).toFixed(0)} ms`)
    expect(ackedMs - sentMs).toBeLessThan(2_000)
    expect([alice.gone, bob.gone]).toEqual([[], []])
  })

  it('keeps its circuit for hours without a word, and the circuit goes when the session is gone', async () => {
    const { stage, alice, bob, relay } = stageOf(6)
    const link = await stage.linkedThrough(relay, alice, bob)
    await stage.run(3 * 3_600_000)
    expect(link.isOpen).toBe(true)
    expect(relay.relays.status.circuits).toBe(1)
    link.close('done')
    await stage.run(IDLE_MS + 20_000)
    expect(relay.relays.status.circuits).toBe(0)
    expect([alice.gone, bob.gone]).toEqual([['idle'], ['idle']])
  })

  it('is answered with a retry token where the one who is called is busy', async () => {
    const stage = new RelayStage(8)
    const relay = stage.volunteer(RELAY)
    const bob = stage.athome(BOB, { handshakesPerSecond: 4 }) // two at once without a token
    await stage.linked(bob, relay)
    await stage.until(bob.relays.reserve(relay.identity.id))
    const calls = []
    for (const host of ['203.0.113.2', '203.0.113.3', ALICE]) {
      const caller = stage.athome(host)
      await stage.linked(caller, relay)
      const address = await stage.until(caller.relays.circuitTo(relay.identity.id, bob.identity.id))
      calls.push(() => caller.endpoint.dial(targetOf(bob, address)))
    }
    await stage.until(Promise.all(calls.map((call) => call())))
    await stage.run(500)
    expect(bob.endpoint.counters.dropped).toEqual({ 'address-unproven': 1 })
    expect([...bob.endpoint.all()]).toHaveLength(4)
  })

  it('is asked of the target, and needs a reservation of one of the two', async () => {
    const { stage, alice, bob, relay } = stageOf(7)
    const [server, to] = [relay.identity.id, bob.identity.id]
    const asked = () =>
      stage.until(alice.relays.circuitTo(server, to).catch((error) => error.reason ?? error.code))
    expect(await asked()).toBe('unreachable')
    await stage.linked(alice, relay)
    expect(await asked()).toBe('not-here')
    await stage.linked(bob, relay)
    expect(await asked()).toBe('no-reservation')
    await stage.until(alice.relays.reserve(server))
    expect(isCircuit(await asked())).toBe(true)
    relay.isReachable = false
    relay.relays.reachabilityChanged()
    await stage.run(100)
    expect(alice.gone).toEqual(['not-offered'])
    expect(await asked()).toBe('not-offered')
    expect(relay.relays.status.refused).toEqual({ 'not-here': 1, 'no-reservation': 1, 'not-offered': 1 })
  })

  it('is shared by two who call each other at once, whichever call comes in between', async () => {
    for (let apartMs = 0; apartMs <= 240; apartMs += 20) {
      const { stage, alice, bob, relay } = stageOf(8, { jitterMs: 0 })
      for (const person of [alice, bob]) {
        await stage.linked(person, relay)
        await stage.until(person.relays.reserve(relay.identity.id))
      }
      const startMs = stage.clock.nowMs()
      const tookMs = [
        callThrough(relay, alice, bob),
        stage.run(apartMs).then(() => callThrough(relay, bob, alice)),
      ]
      const settled = Promise.all(tookMs.map((call) => call.then(() => stage.clock.nowMs() - startMs)))
      expect(Math.max(...(await stage.until(settled)))).toBeLessThanOrEqual(12 * ONE_WAY_MS)
      await stage.run(100)
      expect([relay.relays.status.circuits, alice.gone, bob.gone]).toEqual([1, [], []])
    }
  })

  it('is refused at once where the caller asks again before the target has answered', async () => {
    const { stage, alice, bob, relay } = stageOf(9)
    const [server, to] = [relay.identity.id, bob.identity.id]
    for (const person of [alice, bob]) await stage.linked(person, relay)
    await stage.until(alice.relays.reserve(server))
    const first = alice.relays.circuitTo(server, to).catch((error) => error.reason ?? error.code)
    const second = alice.relays.circuitTo(server, to)
    expect(await stage.until(first)).toBe('done')
    expect(isCircuit(await stage.until(second))).toBe(true)
    expect(relay.relays.status.circuits).toBe(1)
  })
})
