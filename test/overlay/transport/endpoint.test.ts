import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { Identity, searchIdentity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { MAX_MESSAGE_BYTES } from '../../../main/overlay/transport/links.ts'
import { World, targetOf, testNetwork, text, utf8 } from './world.ts'

describe('two peers on a good path', () => {
  it('link up in one round trip, and talk both ways', async () => {
    const world = new World(1, { jitterMs: 0 })
    const [alice, bob] = world.pair()
    const link = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(world.queue.nowMs).toBeLessThanOrEqual(90)
    const delivered: boolean[] = []
    link.send(utf8('hello'), (isDelivered) => delivered.push(isDelivered))
    bob.onMessage = (back, message) => back.send(utf8(`${text(message)} yourself`))
    await world.run(200)
    expect(bob.received.map(text)).toEqual(['hello'])
    expect(alice.received.map(text)).toEqual(['hello yourself'])
    expect(delivered).toEqual([true])
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    expect(link.rttMs).toBeCloseTo(80, 0)
    expect(link.peer.id).toBe(bob.identity.id)
  })

  it('put the sends of one turn into one packet, at once', async () => {
    const world = new World(2)
    const { bob, link } = await world.connected()
    const before = world.packets
    for (let i = 0; i < 10; i++) link.send(utf8(`message ${i}`))
    await world.run(0)
    expect(world.packets - before).toBe(1)
    await world.run(500)
    expect(bob.received.map(text)).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`))
    expect(world.packets - before).toBe(2) // and one ack
  })

  it('share one dial, and one link', async () => {
    const world = new World(3)
    const [alice, bob] = world.pair()
    const dials = [alice.endpoint.dial(targetOf(bob)), alice.endpoint.dial(targetOf(bob))]
    const [first, second] = await world.until(Promise.all(dials))
    expect(first).toBe(second)
    expect(await alice.endpoint.dial(targetOf(bob))).toBe(first)
    expect([...alice.endpoint.all()]).toEqual([first])
  })

  it('meet where the peer is expected, though as many addresses as a dial may call were named before', async () => {
    const world = new World(17)
    const [alice, bob] = world.pair()
    const dead = Array.from({ length: 20 }, (_, i) => ({ host: `10.5.5.${i}`, port: 5 }))
    const early = alice.endpoint.dial({ ...targetOf(bob), addresses: dead })
    await world.run(1_000)
    await world.until(alice.endpoint.dial({ ...targetOf(bob), isExpected: true }), 500)
    expect((await early).peer.id).toBe(bob.identity.id)
  })

  it('learn the addresses they are seen at', async () => {
    const world = new World(4)
    const [alice, bob] = world.pair()
    const seen: unknown[] = []
    for (const peer of [alice, bob]) peer.endpoint.onObservedAddress((_link, address) => seen.push(address))
    await world.until(alice.endpoint.dial(targetOf(bob)))
    await world.run(500)
    expect(seen).toContainEqual(alice.socket.local)
    expect(seen).toContainEqual(bob.socket.local)
  })

  it('refuse a message that is too large, and carry the largest', async () => {
    const world = new World(5)
    const { bob, link } = await world.connected()
    expect(() => link.send(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrowError(
      expect.objectContaining({ code: 'too-large' }),
    )
    link.send(new Uint8Array(0))
    link.send(new Uint8Array(MAX_MESSAGE_BYTES).fill(7))
    await world.run(5_000)
    expect(bob.received.map((message) => message.length)).toEqual([0, MAX_MESSAGE_BYTES])
  })

  it('outlive a listener that throws', async () => {
    const world = new World(6)
    const { bob, link, back } = await world.connected()
    bob.onMessage = () => {
      back.send(new Uint8Array(MAX_MESSAGE_BYTES + 1))
    }
    link.send(utf8('one'))
    await world.run(500)
    bob.onMessage = () => {}
    link.send(utf8('two'))
    await world.run(500)
    expect(bob.received.map(text)).toEqual(['one', 'two'])
    expect(bob.endpoint.counters.dropped).toEqual({ 'listener-failed': 1 })
  })
})

describe('a dial', () => {
  it('tries the addresses in turn, and ends with the first that answers', async () => {
    const world = new World(10)
    const [alice, bob] = world.pair()
    const nowhere = { host: '10.9.9.9', port: 1 }
    const addresses = [nowhere, bob.socket.local]
    const link = await world.until(alice.endpoint.dial({ ...targetOf(bob), addresses }))
    expect(link.address).toEqual(bob.socket.local)
    expect(world.queue.nowMs).toBeLessThan(400)
  })

  it('gives up after five seconds, having sent little', async () => {
    const world = new World(11)
    const [alice, bob] = world.pair()
    await bob.endpoint.stop()
    const start = world.queue.nowMs
    await expect(world.until(alice.endpoint.dial(targetOf(bob)))).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(world.queue.nowMs - start).toBeCloseTo(5_000, -2)
    expect(alice.endpoint.counters.sentPackets).toBeLessThanOrEqual(7)
    expect(alice.endpoint.tableSizes.dials).toBe(0)
  })

  it('without addresses fails at once', async () => {
    const world = new World(12)
    const [alice, bob] = world.pair()
    const dial = alice.endpoint.dial({ ...targetOf(bob), addresses: [] })
    await expect(dial).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('survives the loss of its first packets', async () => {
    const world = new World(13)
    const [alice, bob] = world.pair()
    world.net.setModel({ lossRate: 1 })
    const dial = alice.endpoint.dial(targetOf(bob))
    await world.run(1_200)
    world.net.setModel({ lossRate: 0 })
    expect((await world.until(dial)).isOpen).toBe(true)
    await world.run(500)
    expect(bob.story).toEqual(['up'])
  })

  it('by noise key alone learns who it is', async () => {
    const world = new World(14)
    const [alice, bob] = world.pair()
    const { noiseKey, addresses } = targetOf(bob)
    const link = await world.until(alice.endpoint.dial({ noiseKey, addresses }))
    expect(link.peer.id).toBe(bob.identity.id)
    expect(await alice.endpoint.dial({ noiseKey, addresses })).toBe(link)
  })

  it('refuses somebody else than expected, and oneself', async () => {
    const world = new World(15)
    const [alice, bob] = world.pair()
    const other = world.identity()
    const wrong = alice.endpoint.dial({ ...targetOf(bob), id: other.id })
    await expect(world.until(wrong)).rejects.toMatchObject({ code: 'refused' })
    await expect(alice.endpoint.dial(targetOf(alice))).rejects.toMatchObject({ code: 'refused' })
    await world.run(10_000)
    expect([alice.story, bob.story]).toEqual([[], []])
    expect(bob.endpoint.tableSizes).toEqual({ sessions: 0, halfOpen: 0, dials: 0 })
  })

  it('to another network is told so', async () => {
    const world = new World(16)
    const alice = world.peer('10.0.0.1')
    const network = networkOf(hostCrypto, 'elsewhere', 1)
    const bob = world.peer('10.0.0.2', { network })
    await expect(world.until(alice.endpoint.dial(targetOf(bob)))).rejects.toMatchObject({
      code: 'wrong-network',
    })
    expect(bob.endpoint.counters.dropped).toEqual({ 'wrong-network': 7 }) // each call, until the dial gave up
  })

  it('on a node that is not running is closed', async () => {
    const world = new World(17)
    const [alice, bob] = world.pair()
    const dial = alice.endpoint.dial({ ...targetOf(bob), addresses: [{ host: '10.9.9.9', port: 1 }] })
    const stopped = alice.endpoint.stop()
    await expect(dial).rejects.toMatchObject({ code: 'closed' })
    await stopped
    await expect(alice.endpoint.dial(targetOf(bob))).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('an identity that does not hold', () => {
  /** An identity whose parts can be replaced by wrong ones. */
  function forged(world: World, change: (honest: Identity) => Partial<Identity>): Identity {
    const honest = world.identity()
    return Object.assign(Object.create(honest) as Identity, change(honest), {
      selfRecord(this: Identity, addresses: []) {
        const { id, nodeKey, noiseKey, certificate } = this
        return { id, nodeKey: nodeKey.publicKey, noiseKey: noiseKey.publicKey, certificate, addresses }
      },
    })
  }

  function cheapIdentity(world: World): Identity {
    const easy = { ...testNetwork, puzzleBits: 0 }
    for (;;) {
      const identity = searchIdentity(hostCrypto, world.random, easy, 1)!
      try {
        new Identity(hostCrypto, testNetwork, identity.seeds)
      } catch {
        return identity // its id is too cheap for the real puzzle
      }
    }
  }

  const cases: [string, (world: World) => Identity][] = [
    ['bad-signature', (world) => forged(world, () => ({ certificate: new Uint8Array(64) }))],
    ['bad-signature', (world) => forged(world, () => ({ certificate: world.identity().certificate }))],
    ['bad-puzzle', cheapIdentity],
  ]

  it.each(cases)('is refused with %s when it dials', async (code, identityOf) => {
    const world = new World(20)
    const mallory = world.peer('10.0.0.3', { identity: identityOf(world) })
    const bob = world.peer('10.0.0.2')
    await expect(world.until(mallory.endpoint.dial(targetOf(bob)))).rejects.toMatchObject({ code })
    expect(bob.endpoint.counters.dropped).toEqual({ [code]: 1 })
    expect(bob.endpoint.tableSizes.halfOpen).toBe(0)
  })

  it.each(cases)('is refused with %s when it is dialled', async (code, identityOf) => {
    const world = new World(21)
    const mallory = world.peer('10.0.0.3', { identity: identityOf(world) })
    const bob = world.peer('10.0.0.2')
    await expect(world.until(bob.endpoint.dial(targetOf(mallory)))).rejects.toMatchObject({ code })
    expect(bob.story).toEqual([])
  })
})
