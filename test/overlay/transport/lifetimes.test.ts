// How links begin and end when things go wrong at the same time.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { AddressBook } from '../../../main/overlay/contact/address-book.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { readPeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { PACKET_SEALED } from '../../../main/overlay/wire/packet.ts'
import { type Peer, World, targetOf, testNetwork, text, utf8 } from './world.ts'

function linksBetween(alice: Peer, bob: Peer): unknown {
  const a = alice.endpoint.get(bob.identity.id)
  const b = bob.endpoint.get(alice.identity.id)
  return (
    a &&
    b &&
    a.facts.ownConnectionId === b.facts.peerConnectionId &&
    a.facts.peerConnectionId === b.facts.ownConnectionId
  )
}

/** The part of a node that tells the DHT where it is, with a DHT that takes everything. */
function bookOf(world: World, { endpoint, identity }: Peer, put: DhtRecord[]): TimerGroup {
  const { clock, random } = world
  const timers = new TimerGroup(clock)
  const log = { log: () => undefined }
  const around = {
    clock,
    random,
    log,
    crypto: hostCrypto,
    network: testNetwork,
    drops: new DropCounts(),
    timers,
  }
  const records = { put: async (record: DhtRecord) => void put.push(record), get: async () => undefined }
  new AddressBook(around, {
    links: endpoint,
    nodeKey: identity.nodeKey,
    records,
    servers: () => [],
    isJoined: () => true,
    isForming: () => false,
  }).start()
  return timers
}

function addressesIn(put: readonly DhtRecord[]): Address[] {
  return put.flatMap(({ value }) => readPeerRecord(new Reader(value), hostCrypto).addresses)
}

describe('simultaneous open', () => {
  it.each([0, 1, 10, 39, 40, 41, 60, 79, 80, 81, 100, 120, 160])(
    'with the second dial %i ms after the first ends in one link',
    async (laterMs) => {
      for (const swap of [false, true]) {
        const world = new World(30 + laterMs, { jitterMs: 0 })
        const pair = world.pair()
        const [first, second] = swap ? pair.reverse() : pair
        const dials = [first!.endpoint.dial(targetOf(second!))]
        await world.run(laterMs)
        dials.push(second!.endpoint.dial(targetOf(first!)))
        await world.until(Promise.all(dials))
        await world.run(10_000)
        expect(linksBetween(first!, second!)).toBe(true)
        expect([first!.story, second!.story]).toEqual([['up'], ['up']])
        for (const { endpoint } of pair)
          expect(endpoint.tableSizes).toEqual({ sessions: 1, halfOpen: 0, dials: 0 })
      }
    },
  )

  it('ends in one and the same link on bad paths too', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const world = new World(seed, {
        delayMs: 30,
        jitterMs: 15,
        lossRate: 0.3,
        reorderRate: 0.2,
        duplicateRate: 0.1,
      })
      const [alice, bob] = world.pair()
      const dials = [alice.endpoint.dial(targetOf(bob))]
      await world.run(world.random.below(120))
      dials.push(bob.endpoint.dial(targetOf(alice)))
      await world.until(Promise.allSettled(dials))
      world.net.setModel({ lossRate: 0 })
      await world.run(10_000)
      const sizes = [alice.endpoint.tableSizes.sessions, bob.endpoint.tableSizes.sessions]
      expect(sizes, `seed ${seed}: ${alice.story} / ${bob.story}`).toEqual(sizes[0] === 0 ? [0, 0] : [1, 1])
      if (sizes[0] === 1) expect(linksBetween(alice, bob), `seed ${seed}`).toBe(true)
    }
  })
})

describe('a peer that', () => {
  it('restarts and dials again replaces its old link', async () => {
    const world = new World(40)
    const { alice, bob, back } = await world.connected()
    alice.socket.close() // the process is gone, and says nothing
    const reborn = world.peer('10.0.0.1', { identity: alice.identity })
    const results: boolean[] = []
    back.send(utf8('into the void'), (isDelivered) => results.push(isDelivered))
    const link = await world.until(reborn.endpoint.dial(targetOf(bob)))
    await world.run(200)
    expect(bob.story).toEqual(['up', 'down: replaced', 'up'])
    expect(results).toEqual([false])
    link.send(utf8('back again'))
    await world.run(200)
    expect(bob.received.map(text)).toEqual(['back again'])
    expect(linksBetween(reborn, bob)).toBe(true)
  })

  it('restarts before its first life was confirmed is not haunted by it', async () => {
    const world = new World(48)
    const [alice, bob] = world.pair()
    let late: (() => void) | undefined
    world.net.tap((datagram, from) => {
      if (datagram[0] === PACKET_SEALED && from.host === '10.0.0.1')
        late ??= () => bob.socket.arrive(datagram.slice(), from)
    })
    const dial = alice.endpoint.dial(targetOf(bob))
    await world.run(60)
    world.net.setModel({ lossRate: 1 }) // the first sealed packet of the first life is on its way for long
    await world.until(dial)
    await world.run(10)
    alice.socket.close()
    world.net.setModel({ lossRate: 0 })
    const reborn = world.peer('10.0.0.1', { identity: alice.identity })
    await world.until(reborn.endpoint.dial(targetOf(bob)))
    await world.run(200)
    late!()
    await world.run(200)
    expect(bob.story).toEqual(['up'])
    expect(linksBetween(reborn, bob)).toBe(true)
  })

  it('dies is noticed three seconds after it was needed', async () => {
    const world = new World(41)
    const { bob, alice, link } = await world.connected()
    bob.socket.close()
    const results: boolean[] = []
    link.send(utf8('are you there?'), (isDelivered) => results.push(isDelivered))
    await world.run(2_900)
    expect(link.isOpen).toBe(true)
    await world.run(900)
    expect(alice.story).toEqual(['up', 'down: silent'])
    expect(results).toEqual([false])
    link.send(utf8('hello?'), (isDelivered) => results.push(isDelivered))
    expect(results).toEqual([false, false])
  })

  it('dies is noticed by a probe, and lives through one', async () => {
    const world = new World(42)
    const { bob, alice, link } = await world.connected()
    link.probe()
    await world.run(5_000)
    expect(alice.story).toEqual(['up'])
    bob.socket.close()
    link.probe()
    await world.run(4_000)
    expect(alice.story).toEqual(['up', 'down: silent'])
  })

  it('dies is noticed as soon where one of the two was busy before', async () => {
    const world = new World(44)
    const { bob, alice, link } = await world.connected()
    world.net.setModel({ delayMs: 1_200 })
    link.probe()
    await world.run(8_000)
    expect(link.rttMs).toBeGreaterThan(400)
    bob.socket.close()
    link.probe()
    await world.run(4_500)
    expect(alice.story).toEqual(['up', 'down: silent'])
  })

  it('was only cut off for two seconds keeps its link', async () => {
    const world = new World(43)
    const { bob, alice, link } = await world.connected()
    world.net.setModel({ lossRate: 1 })
    link.send(utf8('patience'))
    await world.run(2_000)
    world.net.setModel({ lossRate: 0 })
    await world.run(3_000)
    expect(alice.story).toEqual(['up'])
    expect(bob.received.map(text)).toEqual(['patience'])
  })

  it('closes is gone at once on both sides', async () => {
    const world = new World(44)
    const { alice, bob, link, back } = await world.connected()
    back.send(utf8('last words'))
    await world.run(0)
    link.close('enough')
    await world.run(100)
    expect(alice.story).toEqual(['up', 'down: enough'])
    expect(bob.story).toEqual(['up', 'down: closed-by-peer'])
  })

  it('closes while its close is lost says it again when spoken to', async () => {
    const world = new World(45)
    const { bob, link, back } = await world.connected()
    world.net.setModel({ lossRate: 1 })
    link.close('enough')
    await world.run(100)
    world.net.setModel({ lossRate: 0 })
    back.send(utf8('still there?'))
    await world.run(200)
    expect(bob.story).toEqual(['up', 'down: closed-by-peer'])
  })

  it('moves to another address keeps its link', async () => {
    const world = new World(46)
    const { alice, bob, link, back } = await world.connected()
    alice.socket.moveTo({ host: '10.7.7.7', port: 77 }, (address, receiver) =>
      world.net.attach(address, receiver),
    )
    link.send(utf8('from the train'))
    bob.onMessage = (to) => to.send(utf8('welcome'))
    await world.run(500)
    expect(bob.received.map(text)).toEqual(['from the train'])
    expect(alice.received.map(text)).toEqual(['welcome'])
    expect(back.address).toEqual({ host: '10.7.7.7', port: 77 })
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('moves to another Wi-Fi is found there: by handshakes and in the DHT, within seconds', async () => {
    const world = new World(48)
    const { alice } = await world.connected()
    const put: DhtRecord[] = []
    const book = bookOf(world, alice, put)
    await world.run(20_000)
    expect(addressesIn(put)).toEqual([alice.socket.local])
    const before = alice.socket.local
    const now = { host: '10.7.7.7', port: 77 }
    alice.socket.moveTo(now, (address, receiver) => world.net.attach(address, receiver))
    alice.socket.localAddresses = () => [] // between two networks
    await world.run(20_000)
    expect(alice.endpoint.self.addresses).toEqual([before])
    alice.socket.localAddresses = () => [now]
    await world.run(20_000)
    expect(addressesIn(put)).toEqual([before, now])
    const carol = world.peer('10.0.0.3')
    await world.until(alice.endpoint.dial(targetOf(carol)))
    await world.run(500)
    expect(carol.endpoint.get(alice.identity.id)!.peer.addresses).toEqual([now])
    book.stop()
  })

  it('asks the system for its addresses at most every five seconds', async () => {
    const world = new World(49)
    const alice = world.peer('10.0.0.1')
    let asked = 0
    alice.socket.localAddresses = () => (asked++, [alice.socket.local])
    for (let i = 0; i < 1_000; i++) {
      void alice.endpoint.self
      await world.run(20)
    }
    expect(asked).toBe(4) // at 5, 10, 15 and 20 s
    await alice.endpoint.stop()
    void alice.endpoint.self
    expect(asked).toBe(4)
  })

  it('does not ask the system for each new session where its peer sees it', async () => {
    const world = new World(48)
    const alice = world.peer('10.0.0.1')
    let asked = 0
    alice.socket.localAddresses = () => (asked++, [alice.socket.local])
    for (let i = 2; i < 12; i++) {
      const bob = world.peer(`10.0.0.${i}`)
      await world.until(bob.endpoint.dial(targetOf(alice)))
    }
    await world.run(1_000)
    expect(alice.story.filter((word) => word === 'up').length).toBe(10)
    expect(asked).toBe(0)
  })

  it('stops leaves no timer behind', async () => {
    const world = new World(47)
    const { alice, bob, link } = await world.connected()
    link.send(new Uint8Array(50_000))
    void alice.endpoint
      .dial({ noiseKey: world.identity().noiseKey.publicKey, addresses: [{ host: '10.9.9.9', port: 9 }] })
      .catch(() => {})
    await world.run(1)
    await world.until(alice.endpoint.stop())
    expect(bob.received).toHaveLength(1)
    await world.run(1_000)
    await bob.endpoint.stop()
    const before = world.queue.processed
    await world.run(600_000)
    expect(world.queue.processed).toBe(before)
    expect(alice.story).toEqual(['up', 'down: left'])
    expect(bob.story).toEqual(['up', 'down: left'])
  })
})

describe('an idle link', () => {
  // An interval counts from the last ack, one round trip of 80 ms after the ping.
  it.each([
    { where: 'behind a translator', isTranslated: true, intervalMs: 25_080 },
    { where: 'seen at its own address', isTranslated: false, intervalMs: 60_080 },
  ])('costs one ping and one ack per keep-alive interval $where', async ({ isTranslated, intervalMs }) => {
    const world = new World(50, { jitterMs: 5 })
    const [alice, bob] = world.pair()
    const inside = { host: '10.0.0.7', port: 5_000 }
    if (isTranslated) for (const { socket } of [alice, bob]) socket.localAddresses = () => [inside]
    await world.run(6_000) // after 5 s they have noticed that their addresses are others
    await world.until(alice.endpoint.dial(targetOf(bob)))
    await world.run(1_000)
    const before = world.packets
    await world.run(600_000)
    const idleMs = 600_000 + 900 // it was idle for most of the last second too
    expect(world.packets - before).toBe(2 * Math.floor(idleMs / intervalMs))
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('whose caller has died is given up by the one who answered', async () => {
    const world = new World(51)
    const { alice, bob } = await world.connected()
    alice.socket.close()
    await world.run(80_000)
    expect(bob.story).toEqual(['up', 'down: silent'])
  })
})
