// A node that more people call than it can answer: some of them are a flood. Whoever is where he says he is gets through.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import {
  DATAGRAM_BYTES,
  PACKET_INITIATION,
  PACKET_RESPONSE,
  PACKET_RETRY,
  PROTOCOL_VERSION,
  decodeInitiation,
  decodeRetry,
  encodeInitiation,
  encodeRetry,
} from '../../../main/overlay/wire/packet.ts'
import { emptyInitiation, validInitiations } from './initiations.ts'
import { type Peer, World, targetOf } from './world.ts'

const FLOOD_PER_MS = 2
const HONEST = 50
const MALLORY = { host: '10.6.6.6', port: 666 }

/** The same every millisecond until the world ends. */
function everyMs(world: World, action: () => void): void {
  world.clock.after(1, () => {
    action()
    everyMs(world, action)
  })
}

/** From now on the room that strangers have without a token is taken. */
function makeBusy(world: World, peer: Peer): void {
  const arrive = () => peer.socket.arrive(emptyInitiation(world), { host: '203.0.113.1', port: 9 })
  for (let i = 0; i < 100; i++) arrive()
  everyMs(world, arrive)
}

/** Fifty callers, within about a second from now on. How long each of them took; the others are missing. */
async function honestCalls(world: World, callers: readonly Peer[], bob: Peer): Promise<number[]> {
  const took: number[] = []
  for (const caller of callers) {
    const startMs = world.queue.nowMs
    caller.endpoint.dial(targetOf(bob)).then(
      () => took.push(world.queue.nowMs - startMs),
      () => undefined, // it is missing
    )
    await world.run(1 + world.random.below(39))
  }
  await world.run(2_500)
  return took.sort((a, b) => a - b)
}

function honestPeers(world: World): Peer[] {
  return Array.from({ length: HONEST }, (_, i) => world.peer(`10.1.0.${i + 1}`))
}

describe('under a flood of 2,000 initiations a second from forged addresses', () => {
  it('fifty honest callers get in within a second', async () => {
    const world = new World(70, { jitterMs: 5 })
    const bob = world.peer('10.0.0.2')
    const callers = honestPeers(world)
    const valid = validInitiations(world, bob, 400)
    let retries = 0
    world.net.tap((datagram) => (retries += datagram[0] === PACKET_RETRY ? 1 : 0))
    let sent = 0
    let mostHalfOpen = 0
    const flood = (): void => {
      for (let i = 0; i < FLOOD_PER_MS; i++) {
        // One in four could be a caller's own; one in eight claims to come from where an honest caller is.
        const datagram = sent % 4 === 0 ? valid[(sent / 4) % valid.length]! : emptyInitiation(world)
        const host = sent % 8 === 1 ? `10.1.0.${1 + (sent % HONEST)}` : `198.51.${sent % 100}.${sent % 250}`
        bob.socket.arrive(datagram, { host, port: 1 + (sent++ % 60_000) })
      }
      mostHalfOpen = Math.max(mostHalfOpen, bob.endpoint.tableSizes.halfOpen)
    }
    everyMs(world, flood)
    await world.run(1_000)
    const took = await honestCalls(world, callers, bob)
    const { dropped } = bob.endpoint.counters
    expect(took.length).toBe(HONEST)
    expect(took.at(-1)).toBeLessThan(1_000)
    expect(bob.endpoint.tableSizes.sessions).toBe(HONEST)
    expect(sent).toBeGreaterThan(FLOOD_PER_MS * 4_000)
    expect(dropped['address-unproven']).toBeGreaterThan(0.8 * sent)
    expect(retries).toBe(dropped['address-unproven'])
    expect(mostHalfOpen).toBeLessThanOrEqual(350)
    expect(dropped['source-limit'] ?? 0).toBe(0)
  })

  it('they would not without tokens', async () => {
    const world = new World(71)
    const bob = world.peer('10.0.0.2')
    const callers = honestPeers(world)
    for (const caller of callers) {
      const { socket } = caller
      const receive = socket.arrive.bind(socket)
      socket.arrive = (datagram, from) => datagram[0] !== PACKET_RETRY && receive(datagram, from)
    }
    everyMs(world, () => {
      for (let i = 0; i < FLOOD_PER_MS; i++)
        bob.socket.arrive(emptyInitiation(world), { host: `198.51.100.${i}`, port: 9 })
    })
    await world.run(1_000)
    expect((await honestCalls(world, callers, bob)).length).toBeLessThan(HONEST / 2)
  })

  it('one computer that answers retries takes an eighth, and the others get in', async () => {
    const world = new World(72)
    const bob = world.peer('10.0.0.2')
    const callers = honestPeers(world)
    const greedy = world.net.open('10.6.6.6')
    const calls = validInitiations(world, bob, 1_000).map((datagram) => decodeInitiation(datagram))
    const byEcho = new Map(calls.map((call) => [call.noise.slice(0, 8).join(), call]))
    let answered = 0
    greedy.onDatagram((datagram) => {
      if (datagram[0] !== PACKET_RETRY) return void answered++
      const { echo, token } = decodeRetry(datagram)
      greedy.send(encodeInitiation({ ...byEcho.get(echo.join())!, token }), bob.socket.local)
    })
    makeBusy(world, bob)
    everyMs(world, () => {
      const call = calls.pop()
      if (call) greedy.send(encodeInitiation(call), bob.socket.local)
    })
    const took = await honestCalls(world, callers, bob)
    expect(took.length).toBe(HONEST)
    expect(took.at(-1)).toBeLessThan(1_000)
    expect(bob.endpoint.counters.dropped['source-limit']).toBeGreaterThan(800)
    expect(answered).toBeGreaterThanOrEqual(50)
    expect(answered).toBeLessThan(50 + 25 + 20) // a second of calls, and some of the unproven's room
  })
})

describe('a caller of a busy node', () => {
  it('is let in with its second datagram, which is like its first but for the token', async () => {
    const world = new World(73, { delayMs: 43, jitterMs: 0 })
    const [alice, bob] = world.pair()
    makeBusy(world, bob)
    const wire: Bytes[] = []
    world.net.tap((datagram, from, to) => {
      if ([from.host, to.host].includes('10.0.0.1')) wire.push(datagram.slice())
    })
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    const [first, retry, second] = wire as [Bytes, Bytes, Bytes]
    expect(world.queue.nowMs).toBeLessThanOrEqual(180) // two round trips
    expect(link.rttMs).toBeCloseTo(86, 0) // of the second one
    expect(wire.slice(0, 4).map((datagram) => datagram[0])).toEqual([1, 3, 1, 2])
    expect([first.length, retry.length, second.length]).toEqual([DATAGRAM_BYTES, 41, DATAGRAM_BYTES])
    const { token } = decodeRetry(retry)
    expect(decodeInitiation(second)).toEqual({ ...decodeInitiation(first), token })
    await world.run(500)
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('does not call again while the answer to its token may be on its way', async () => {
    const world = new World(83, { delayMs: 150, jitterMs: 0 })
    const [alice, bob] = world.pair()
    makeBusy(world, bob)
    let calls = 0
    world.net.tap((datagram) => (calls += datagram[0] === PACKET_INITIATION ? 1 : 0))
    await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(world.queue.nowMs).toBeLessThanOrEqual(620)
    expect(calls).toBe(2)
  })

  /** Alice calls a socket that is no node. What she sends there, and a way to say something to her. */
  function toPuppet(seed: number) {
    const world = new World(seed, { jitterMs: 0 })
    const [alice, bob] = [world.peer('10.0.0.1'), world.peer('10.0.0.2')]
    const calls: Bytes[] = []
    bob.socket.onDatagram((datagram) => calls.push(datagram.slice()))
    const dial = alice.endpoint.dial(targetOf(bob))
    dial.catch(() => {}) // nobody answers, and nobody is meant to
    const echoOf = (call: number) => decodeInitiation(calls[call]!).noise.slice(0, 8)
    const retry = (echo: Bytes, fill: number, from = bob.socket.local) =>
      alice.socket.arrive(encodeRetry({ echo, token: new Uint8Array(32).fill(fill) }), from)
    const tokens = () => calls.map((call) => decodeInitiation(call).token[0] ?? 0)
    return { world, alice, bob, dial, echoOf, retry, tokens }
  }

  it('answers one retry for each of its calls, and the latest token goes with the next', async () => {
    const { world, alice, echoOf, retry, tokens } = toPuppet(74)
    await world.run(100)
    for (const fill of [7, 8, 8]) retry(echoOf(0), fill)
    await world.run(100)
    expect(tokens()).toEqual([0, 7])
    expect(alice.endpoint.counters.dropped).toEqual({ 'unexpected-retry': 2 })
    await world.run(400)
    expect(tokens()).toEqual([0, 7, 7])
    retry(echoOf(0), 9)
    await world.run(100)
    expect(tokens()).toEqual([0, 7, 7, 9])
  })

  it('answers none from elsewhere, with another echo, or after the end', async () => {
    const { world, alice, dial, bob, echoOf, retry, tokens } = toPuppet(75)
    await world.run(100)
    retry(echoOf(0), 7, { ...bob.socket.local, port: 9 })
    retry(echoOf(0).with(7, echoOf(0)[7]! ^ 1), 7)
    await expect(world.until(dial)).rejects.toMatchObject({ code: 'unreachable' })
    retry(echoOf(0), 7)
    await world.run(100)
    expect(Math.max(...tokens())).toBe(0)
    expect(alice.endpoint.counters.dropped).toEqual({ 'unexpected-retry': 3 })
  })

  it('has nothing retried where it has not called yet', async () => {
    const world = new World(81)
    const [alice, bob] = world.pair()
    bob.socket.onDatagram((call) => {
      const echo = decodeInitiation(call).noise.slice(0, 8)
      alice.socket.arrive(encodeRetry({ echo, token: new Uint8Array(32) }), MALLORY)
    })
    const addresses = [bob.socket.local, MALLORY]
    alice.endpoint.dial({ ...targetOf(bob), addresses }).catch(() => {}) // nobody answers, and nobody is meant to
    await world.run(200)
    expect(alice.endpoint.counters.dropped).toEqual({ 'unexpected-retry': 1 })
    expect(alice.endpoint.counters.sentPackets).toBe(1)
  })

  it('begins without a token where a forged response has spoilt its handshake', async () => {
    const world = new World(82)
    const [alice, bob] = world.pair()
    makeBusy(world, bob)
    let responses = 0
    world.net.tap((datagram, from, to) => {
      if (from.host !== '10.0.0.2' || to.host !== '10.0.0.1' || datagram[0] !== PACKET_RESPONSE) return
      if (responses++ === 0) alice.socket.arrive(datagram.with(60, datagram[60]! ^ 1), bob.socket.local)
    })
    expect((await world.until(alice.endpoint.dial(targetOf(bob)))).isOpen).toBe(true)
    expect(responses).toBe(2)
    expect(alice.endpoint.counters.dropped.malformed).toBeGreaterThan(0)
    expect(bob.endpoint.counters.dropped['bad-token']).toBeUndefined()
  })

  it('sends no more than twice its calls, whatever it is told', async () => {
    const { world, alice, dial, echoOf, retry } = toPuppet(76)
    await world.run(100)
    everyMs(world, () => retry(echoOf(0), world.random.below(255)))
    await expect(world.until(dial)).rejects.toMatchObject({ code: 'unreachable' })
    expect(alice.endpoint.counters.sentPackets).toBeLessThanOrEqual(14)
  })

  it('gets through although somebody on the path has told it a wrong token first', async () => {
    const world = new World(77)
    const [alice, bob] = world.pair()
    makeBusy(world, bob)
    let calls = 0
    world.net.tap((datagram, from) => {
      if (from.host !== '10.0.0.1' || datagram[0] !== PACKET_INITIATION || calls++ > 0) return
      const echo = decodeInitiation(datagram).noise.slice(0, 8)
      const wrong = encodeRetry({ echo, token: new Uint8Array(32) })
      world.clock.after(1, () => alice.socket.arrive(wrong, bob.socket.local))
    })
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(link.isOpen).toBe(true)
    expect(bob.endpoint.counters.dropped['bad-token']).toBeGreaterThan(0)
  })

  it('that was told a token by somebody else is let in where there is room', async () => {
    const world = new World(78)
    const bob = world.peer('10.0.0.2')
    const [call] = validInitiations(world, bob, 1, { token: new Uint8Array(32) })
    bob.socket.arrive(call!, { host: '10.6.6.6', port: 1 })
    expect(bob.endpoint.counters.dropped).toEqual({ 'bad-token': 1 })
    expect(bob.endpoint.tableSizes.halfOpen).toBe(1)
  })
})

describe('whatever strangers send to begin with', () => {
  it('the answer is one datagram or none, to where it came from, and shorter: so far below three times', () => {
    const world = new World(79)
    const bob = world.peer('10.0.0.2')
    const valid = validInitiations(world, bob, 6)
    const shapes: ((i: number) => Bytes)[] = [
      (i) => valid[i % valid.length]!,
      (i) => encodeInitiation({ ...decodeInitiation(valid[i % valid.length]!), token: new Uint8Array(32) }),
      () => emptyInitiation(world),
      () => emptyInitiation(world, { version: PROTOCOL_VERSION - 1 }),
      () => emptyInitiation(world, { networkTag: new Uint8Array(4) }),
      (i) => valid[i % valid.length]!.slice(0, i),
      () => Uint8Array.of(PACKET_INITIATION),
    ]
    const kinds = new Set<number>()
    let sentTo: { host: string; bytes: number }[] = []
    world.net.tap((datagram, _from, { host }) => {
      kinds.add(datagram[0]!)
      sentTo.push({ host, bytes: datagram.length })
    })
    const step = fc.record({ shape: fc.nat(shapes.length - 1), i: fc.nat(1_199), host: fc.nat(4) })
    const script = fc.array(step, { minLength: 1, maxLength: 40 })
    const neverMore = fc.property(script, (steps) => {
      for (const { shape, i, host } of steps) {
        const datagram = shapes[shape]!(i)
        const from = { host: `198.51.100.${host}`, port: 1 + i }
        sentTo = []
        bob.socket.arrive(datagram, from) // answers at once, or never
        expect(sentTo.length).toBeLessThanOrEqual(1)
        for (const answer of sentTo) {
          expect(answer.host).toBe(from.host)
          expect(answer.bytes).toBeLessThan(datagram.length)
        }
      }
    })
    fc.assert(neverMore, { seed: 80, numRuns: 100 })
    expect([...kinds].sort()).toEqual([2, 3, 4])
  })
})
