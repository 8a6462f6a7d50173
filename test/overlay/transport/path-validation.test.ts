// A peer that moves, and somebody who only makes it look so. Round trips are 80 ms where nothing else is said.

import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { PACKET_RESPONSE, PACKET_SEALED } from '../../../main/overlay/wire/packet.ts'
import { type Peer, World, targetOf, text, utf8 } from './world.ts'
import { inOrder, transfer } from './watched-transfer.ts'

const BULK = { bytes: 20_000, atOnce: 40 }

const MALLORY: Address = { host: '10.6.6.6', port: 666 }
const ALICE = '10.0.0.1'
const BOB = '10.0.0.2'
/** A whole datagram that holds nothing but a challenge or a response. */
const CHALLENGE_BYTES = 13 + 9 + 16

function move(world: World, peer: Peer, to: Address): void {
  peer.socket.moveTo(to, (address, receiver) => world.net.attach(address, receiver))
}

/** Counts what goes to and what comes from a host that is not there. */
function watch(world: World, host: string) {
  const seen = { to: 0, from: 0, sizes: [] as number[] }
  world.net.tap((datagram, _from, to) => {
    if (to.host !== host) return
    seen.to += datagram.length
    seen.sizes.push(datagram.length)
  })
  return seen
}

/** Alice's packets overtake themselves, from Mallory's address, whenever `isDue` says so. */
function spoof(world: World, bob: Peer, seen: { from: number }, isDue: () => boolean): void {
  world.net.tap((datagram, from) => {
    if (from.host !== ALICE || datagram[0] !== PACKET_SEALED || !isDue()) return
    seen.from += datagram.length
    bob.socket.arrive(datagram.slice(), MALLORY)
  })
}

describe('a peer that moves in the middle of a transfer', () => {
  const MOVES: [string, Address, number][] = [
    ['to another port of its NAT', { host: ALICE, port: 4_444 }, 200],
    ['to another network', { host: '10.7.7.7', port: 77 }, 400],
  ]
  it.each(MOVES)('%s loses nothing, and is waited for no longer than that', async (_name, to, mostMs) => {
    const world = new World(80, { jitterMs: 0 })
    const { alice, bob, link, back } = await world.connected()
    const state = transfer(world, link, bob, { ...BULK, messages: 600 })
    await world.run(1_500)
    state.stallMs = 0
    move(world, alice, to)
    await world.run(30_000)
    console.log(`${_name}: ${state.stallMs.toFixed(0)} ms`)
    expect(state.arrived).toEqual(inOrder(600))
    expect(state.stallMs).toBeLessThan(mostMs)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    expect(back.address).toEqual(to)
    expect(bob.endpoint.counters.paths).toEqual({
      moved: 1,
      challenged: 1,
      answered: 0,
      validated: 1,
      returned: 0,
      failed: 0,
      adopted: 0,
    })
    expect(alice.endpoint.counters.paths.answered).toBe(1)
  })

  it('while it only receives, opens the way anew within a second, whenever its NAT forgets it', async () => {
    let worstMs = 0
    for (let k = 0; k < 4; k++) {
      const world = new World(80 + k, { jitterMs: 1 })
      const { alice, bob, back } = await world.connected()
      const state = transfer(world, back, alice, { ...BULK, messages: 700 })
      await world.run(1_200 + 7 * k)
      state.stallMs = 0
      const own = [alice.socket.local]
      alice.socket.localAddresses = () => own // her own address stays what it was
      move(world, alice, { host: ALICE, port: 4_444 })
      await world.run(20_000)
      expect(state.arrived).toEqual(inOrder(700))
      expect([alice.story, bob.story]).toEqual([['up'], ['up']])
      worstMs = Math.max(worstMs, state.stallMs)
    }
    console.log(`a NAT that forgets a download: at most ${worstMs.toFixed(0)} ms`)
    expect(worstMs).toBeLessThan(1_000)
  })

  it('begins anew with round trip and packet size on another host, and with neither on another port', async () => {
    const world = new World(81, { delayMs: 40, jitterMs: 0 })
    const { alice, bob, link, back } = await world.connected()
    transfer(world, back, alice, { ...BULK, messages: 400 })
    const session = bob.endpoint.get(alice.identity.id)!
    await world.run(8_000)
    expect(session.figures.packetBytes).toBe(1_472)
    expect(session.rttMs).toBeCloseTo(80, 0)
    move(world, alice, { host: ALICE, port: 4_444 })
    link.send(utf8('another port'))
    await world.run(100)
    expect(session.figures.packetBytes).toBe(1_472)
    world.net.setModel({ delayMs: 5 })
    move(world, alice, { host: '10.7.7.7', port: 77 })
    link.send(utf8('another host'))
    await world.run(100)
    expect(session.figures.packetBytes).toBe(1_200)
    expect(session.rttMs).toBeLessThan(20)
  })

  it('while the other moves, too, where both are still heard at their old addresses', async () => {
    const world = new World(82, { jitterMs: 2 })
    const { alice, bob, link, back } = await world.connected()
    const state = transfer(world, link, bob, { ...BULK, messages: 300 })
    const home = transfer(world, back, alice, { ...BULK, messages: 300 })
    await world.run(1_000)
    for (const [peer, host] of [
      [alice, '10.7.7.7'],
      [bob, '10.8.8.8'],
    ] as const) {
      const old = peer.socket.local
      move(world, peer, { host, port: 77 })
      world.net.attach(old, peer.socket)
    }
    await world.run(30_000)
    expect([state.arrived, home.arrived]).toEqual([inOrder(300), inOrder(300)])
    expect([link.address, back.address]).toEqual([bob.socket.local, alice.socket.local])
    for (const { endpoint, story } of [alice, bob]) {
      expect(story).toEqual(['up'])
      expect(endpoint.counters.paths).toMatchObject({ validated: 1, failed: 0 })
    }
  })

  it('arrives on paths that lose a third of everything', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new World(seed, { lossRate: 0.3, delayMs: 20 })
      const { alice, bob, link } = await world.connected().catch(() => ({}) as never)
      if (!link) continue // the dial was lost
      const state = transfer(world, link, bob, { ...BULK, messages: 60 })
      await world.run(500)
      move(world, alice, { host: '10.7.7.7', port: 77 })
      await world.run(60_000)
      expect(state.arrived, `seed ${seed}`).toEqual(inOrder(60))
    }
  })
})

describe('a packet from an address that its sender does not have', () => {
  it('gets three times its bytes there, and one round trip of attention', async () => {
    const world = new World(83, { jitterMs: 0 })
    const { alice, bob, link, back } = await world.connected()
    const seen = watch(world, MALLORY.host)
    let isDue = true
    spoof(world, bob, seen, () => isDue)
    for (let i = 0; i < 50; i++) back.send(new Uint8Array(20_000)) // much that wants to be sent
    link.send(utf8('hello'))
    await world.run(0)
    isDue = false
    expect(back.address).toEqual(MALLORY)
    await world.run(39)
    expect(back.address).toEqual(MALLORY)
    await world.run(90) // a ping to where she was, and her answer
    expect(back.address).toEqual(alice.socket.local)
    console.log(`spoofed: ${seen.from} bytes from there, ${seen.to} to there, ${seen.sizes.join(' and ')}`)
    expect(seen.sizes).toEqual([CHALLENGE_BYTES])
    expect(seen.to).toBeLessThanOrEqual(3 * seen.from)
    await world.run(20_000)
    expect(alice.received.length).toBe(50)
    expect(bob.received.map(text)).toEqual(['hello'])
    expect(bob.endpoint.counters.paths).toMatchObject({ validated: 0, returned: 1, failed: 0 })
  })

  it('is not followed for ever where the true one is not heard', async () => {
    const world = new World(84, { jitterMs: 0 })
    const { alice, bob, link, back } = await world.connected()
    const seen = watch(world, MALLORY.host)
    let isDue = true
    spoof(world, bob, seen, () => isDue)
    world.net.block(ALICE, BOB)
    link.send(utf8('hello'))
    await world.run(0)
    isDue = false
    await world.run(1_499)
    expect(back.address).toEqual(MALLORY)
    await world.run(2)
    expect(back.address).toEqual(alice.socket.local)
    world.net.unblock(ALICE, BOB)
    await world.run(3_000)
    expect(seen.to).toBeLessThanOrEqual(3 * seen.from)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    expect(bob.endpoint.counters.paths).toMatchObject({ validated: 0, failed: 1 })
  })

  it('again and again neither stops a transfer nor adds to what the victim gets', async () => {
    const world = new World(85, { jitterMs: 0 })
    const { alice, bob, back } = await world.connected()
    const seen = watch(world, MALLORY.host)
    let dueMs = 0
    spoof(world, bob, seen, () => {
      if (world.queue.nowMs < dueMs) return false
      dueMs = world.queue.nowMs + 50
      return true
    })
    const state = transfer(world, back, alice, { ...BULK, messages: 300 })
    await world.run(40_000)
    console.log(
      `${bob.endpoint.counters.paths.moved} times: ${seen.from} bytes from there, ${seen.to} to there`,
    )
    expect(bob.endpoint.counters.paths.moved).toBeGreaterThan(50)
    expect(state.arrived).toEqual(inOrder(300))
    expect(state.stallMs).toBeLessThan(500)
    expect(seen.to).toBeLessThanOrEqual(3 * seen.from)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('as the first of a session does not make the session begin there', async () => {
    const world = new World(86, { jitterMs: 0 })
    const [alice, bob] = world.pair()
    const seen = watch(world, MALLORY.host)
    let left = 1
    spoof(world, bob, seen, () => left-- > 0)
    await world.until(alice.endpoint.dial(targetOf(bob)))
    await world.run(500)
    expect(seen.from).toBeGreaterThan(0)
    expect(seen.to).toBeLessThanOrEqual(3 * seen.from)
    expect(bob.endpoint.get(alice.identity.id)!.address).toEqual(alice.socket.local)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })
})

describe('a response from an address that was not called', () => {
  it('leads there only once it has been proven', async () => {
    const world = new World(88, { jitterMs: 0 })
    const [alice, bob] = world.pair()
    const seen = watch(world, MALLORY.host)
    world.net.tap((datagram, from) => {
      if (from.host !== BOB || datagram[0] !== PACKET_RESPONSE) return
      seen.from += datagram.length
      alice.socket.arrive(datagram.slice(), MALLORY)
    })
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(link.address).toEqual(MALLORY)
    for (let i = 0; i < 20; i++) link.send(new Uint8Array(20_000))
    await world.run(10_000)
    console.log(`a spoofed response: ${seen.from} bytes from there, ${seen.to} to there`)
    expect(seen.from).toBeGreaterThan(0)
    expect(seen.to).toBeLessThanOrEqual(3 * seen.from)
    expect(link.address).toEqual(bob.socket.local)
    expect(bob.received.length).toBe(20)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })
})

describe('a challenge', () => {
  it('is answered to where it came from, and to nowhere else', async () => {
    const world = new World(87, { jitterMs: 0 })
    const { alice, bob, link } = await world.connected()
    const answers: Address[] = []
    let challenge: Bytes | undefined
    let isDue = true
    spoof(world, bob, { from: 0 }, () => isDue)
    world.net.tap((datagram, from, to) => {
      if (datagram.length !== CHALLENGE_BYTES) return
      if (from.host === BOB) challenge ??= datagram.slice()
      else answers.push(to)
    })
    link.send(utf8('hello'))
    await world.run(0)
    isDue = false
    const relay: Address = { host: '10.9.9.9', port: 9 }
    alice.socket.arrive(challenge!, relay)
    await world.run(10)
    expect(answers).toEqual([relay])
    expect(link.address).toEqual(bob.socket.local) // it only asked, so nobody has moved
  })
})
