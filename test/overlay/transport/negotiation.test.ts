// Which version two nodes speak, and that nobody between them has a say in it: he may keep them apart, no more.

import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import {
  PACKET_INITIATION,
  PROTOCOL_VERSION,
  REFUSED_NETWORK,
  REFUSED_VERSION,
  decodeInitiation,
  decodeRefusal,
  encodeInitiation,
  encodeRefusal,
} from '../../../main/overlay/wire/packet.ts'
import { emptyInitiation, validInitiations } from './initiations.ts'
import { type Peer, World, targetOf } from './world.ts'

const MALLORY = { host: '10.6.6.6', port: 666 }
const OTHER_VERSIONS = [0, 1, PROTOCOL_VERSION + 1, 255]

/** Whatever this computer receives is changed on the way. */
function changeOnTheWay(peer: Peer, change: (datagram: Bytes) => Bytes): void {
  const receive = peer.socket.arrive.bind(peer.socket)
  peer.socket.arrive = (datagram, from) => receive(change(datagram), from)
}

function withVersion(datagram: Bytes, version: number): Bytes {
  return datagram[0] === PACKET_INITIATION ? datagram.with(1, version) : datagram
}

/** A refusal of a call, as whoever saw it could make it. */
function refusalOf(initiation: Bytes, reason: number): Bytes {
  return encodeRefusal({ reason, echo: decodeInitiation(initiation).noise.slice(0, 8) })
}

describe('the version of a call', () => {
  it.each(OTHER_VERSIONS)('%i is refused, with the echo of the call and in few bytes', (version) => {
    const world = new World(90)
    const bob = world.peer('10.0.0.2')
    const answers: Bytes[] = []
    world.net.tap((datagram) => answers.push(datagram.slice()))
    const call = emptyInitiation(world, { version })
    bob.socket.arrive(call, MALLORY)
    const echo = decodeInitiation(call).noise.slice(0, 8)
    expect(answers.map((answer) => decodeRefusal(answer))).toEqual([{ reason: REFUSED_VERSION, echo }])
    expect(answers[0]!.length).toBe(10)
    expect(bob.endpoint.counters.dropped).toEqual({ 'wrong-version': 1 })
  })

  it.each(OTHER_VERSIONS)('%i, made to look like ours on the way, does not open', (version) => {
    const world = new World(91)
    const bob = world.peer('10.0.0.2')
    const [foreign] = validInitiations(world, bob, 1, { version, spokenVersion: version })
    bob.socket.arrive(withVersion(foreign!, PROTOCOL_VERSION), MALLORY)
    expect(bob.endpoint.counters.dropped).toEqual({ malformed: 1 })
    expect(bob.endpoint.tableSizes.halfOpen).toBe(0)
    expect(bob.endpoint.counters.sentPackets).toBe(0)
    const [own] = validInitiations(world, bob, 1)
    bob.socket.arrive(own!, MALLORY) // the same, but for the version that it is bound to
    expect(bob.endpoint.tableSizes.halfOpen).toBe(1)
  })

  it('changed on the way makes no link of any version, and no call of another one', async () => {
    const world = new World(92)
    const [alice, bob] = world.pair()
    const offered = new Set<number>()
    world.net.tap((datagram, from) => from.host === '10.0.0.1' && offered.add(datagram[1]!))
    changeOnTheWay(bob, (datagram) => withVersion(datagram, PROTOCOL_VERSION - 1))
    await expect(world.until(alice.endpoint.dial(targetOf(bob)))).rejects.toMatchObject({ code: 'refused' })
    expect([...offered]).toEqual([PROTOCOL_VERSION])
    expect([alice.story, bob.story]).toEqual([[], []])
    expect(bob.endpoint.counters.dropped).toEqual({ 'wrong-version': 7 })
  })
})

describe('a refusal', () => {
  it.each([REFUSED_VERSION, REFUSED_NETWORK])(
    'of reason %i, forged before every answer, does not end a dial',
    async (reason) => {
      const world = new World(93)
      const [alice, bob] = world.pair()
      let forged = 0
      world.net.tap((datagram, from) => {
        if (from.host !== '10.0.0.1' || datagram[0] !== PACKET_INITIATION) return
        forged++
        const refusal = refusalOf(datagram, reason)
        world.clock.after(1, () => alice.socket.arrive(refusal, bob.socket.local))
      })
      const dial = alice.endpoint.dial(targetOf(bob))
      expect((await world.until(dial)).isOpen).toBe(true)
      expect(forged).toBe(1)
      expect(alice.endpoint.counters.dropped).toEqual({})
    },
  )

  it('from one address does not end a dial while another may answer', async () => {
    const world = new World(94)
    const [alice, bob] = world.pair()
    const stranger = world.net.open('10.6.6.6')
    stranger.onDatagram((call, from) => stranger.send(refusalOf(call, REFUSED_VERSION), from))
    const addresses = [stranger.local, bob.socket.local]
    const link = await world.until(alice.endpoint.dial({ ...targetOf(bob), addresses }))
    expect(link.address).toEqual(bob.socket.local)
    expect(world.queue.nowMs).toBeLessThan(400)
  })

  it('does not end a dial while the same address may answer later', async () => {
    const world = new World(95)
    const [alice, bob] = world.pair()
    let calls = 0
    changeOnTheWay(bob, (datagram) => {
      if (datagram[0] !== PACKET_INITIATION || ++calls > 3) return datagram
      return encodeInitiation({ ...decodeInitiation(datagram), version: PROTOCOL_VERSION - 1 })
    })
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(link.isOpen).toBe(true)
    expect(calls).toBeGreaterThan(3)
    expect(bob.endpoint.counters.dropped).toEqual({ 'wrong-version': 3 })
  })

  it('from where nobody was called, or of another call, is no word at all', async () => {
    const world = new World(96)
    const alice = world.peer('10.0.0.1')
    const silent = world.net.open('10.0.0.9')
    const calls: Bytes[] = []
    silent.onDatagram((datagram) => calls.push(datagram.slice()))
    const bob = world.peer('10.0.0.2')
    const dial = alice.endpoint.dial({ ...targetOf(bob), addresses: [silent.local] })
    dial.catch(() => {}) // nobody answers, and nobody is meant to
    await world.run(100)
    alice.socket.arrive(refusalOf(calls[0]!, REFUSED_NETWORK), MALLORY)
    alice.socket.arrive(refusalOf(emptyInitiation(world), REFUSED_NETWORK), silent.local)
    await expect(world.until(dial)).rejects.toMatchObject({ code: 'unreachable' })
    expect(alice.endpoint.counters.dropped).toEqual({ 'unexpected-refusal': 2 })
  })
})
