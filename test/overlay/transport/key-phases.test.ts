// Keys that change under way, on paths that lose, delay and disorder, and for those who only flip the bit.

import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes, toHex, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Crypto } from '../../../main/overlay/ports/crypto.ts'
import { KeyPhases, nextKey } from '../../../main/overlay/transport/key-phases.ts'
import { SealedPackets } from '../../../main/overlay/transport/sealed-packets.ts'
import { PACKET_SEALED, PACKET_SEALED_ODD } from '../../../main/overlay/wire/packet.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { OpenPeer } from './open-peer.ts'
import { World } from './world.ts'

const KEEP_MS = 100
const key = (fill: number): Bytes => new Uint8Array(32).fill(fill)

interface Sent {
  number: number
  isOdd: boolean
  key: string
  /** The highest number that its sender had opened; -1 for none. */
  acks: number
}

/** One end; `seal` and `open` stand for the packets, whose contents do not matter. */
class End {
  readonly phases: KeyPhases
  #next = 0
  #largest = -1

  constructor(send: number, receive: number, packetsPerKey: number, crypto: Crypto = hostCrypto) {
    const keys = { send: key(send), receive: key(receive) }
    this.phases = new KeyPhases(crypto, keys, packetsPerKey)
  }

  seal(nowMs: number): Sent {
    const number = this.#next++
    const sealing = toHex(this.phases.sendKey(number, nowMs))
    return { number, isOdd: this.phases.phase % 2 === 1, key: sealing, acks: this.#largest }
  }

  open({ number, isOdd, key, acks }: Sent, nowMs: number): boolean {
    const receiving = this.phases.receiveKey(isOdd, number, nowMs)
    if (!receiving || toHex(receiving) !== key) return false
    this.phases.opened(isOdd, number, nowMs, KEEP_MS)
    this.phases.acked(acks)
    this.#largest = Math.max(this.#largest, number)
    return true
  }
}

describe('key phases', () => {
  it('change in step, whatever is lost and overtaken, and open all that comes in time', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed)
      const ends = [new End(1, 2, 10), new End(2, 1, 10)] as const
      const underWay: { sent: Sent; to: 0 | 1; atMs: number }[] = []
      for (let nowMs = 0; nowMs < 5_000; nowMs++) {
        for (const from of [0, 1] as const) {
          if (random.unit() < 0.5) continue
          const sent = ends[from].seal(nowMs)
          const to = from === 0 ? 1 : 0
          if (random.unit() < 0.8) underWay.push({ sent, to, atMs: nowMs + random.below(KEEP_MS / 2) })
        }
        for (const packet of underWay.splice(0)) {
          if (packet.atMs > nowMs) {
            underWay.push(packet)
            continue
          }
          const { sent, to } = packet
          expect(ends[to].open(sent, nowMs), `seed ${seed}, ${nowMs} ms`).toBe(true)
        }
      }
      const phases = ends.map((end) => end.phases.phase)
      expect(Math.abs(phases[0]! - phases[1]!)).toBeLessThanOrEqual(1)
      expect(Math.min(...phases)).toBeGreaterThan(15)
    }
  })

  it('do not change before the last change is acknowledged, and the old keys are gone', () => {
    const [a, b] = [new End(1, 2, 5), new End(2, 1, 1_000)]
    for (let i = 0; i < 100; i++) b.open(a.seal(0), 0)
    expect(a.phases.phase).toBe(0) // nothing was acknowledged
    a.phases.acked(50)
    b.open(a.seal(1), 1)
    expect([a.phases.phase, b.phases.phase]).toEqual([1, 1])
    a.phases.acked(99) // of the phase before
    for (let i = 0; i < 100; i++) a.seal(1_000)
    expect(a.phases.phase).toBe(1)
    a.phases.acked(150)
    for (let i = 0; i < 100; i++) a.seal(1_000)
    expect(a.phases.phase).toBe(1) // the peer may still seal with the old key: nothing new has come from it
    expect(a.open(b.seal(1_000), 1_000)).toBe(true)
    a.seal(1_000 + KEEP_MS - 1)
    expect(a.phases.phase).toBe(1)
    a.seal(1_000 + KEEP_MS)
    expect(a.phases.phase).toBe(2)
  })

  it('open an overtaken packet of the phase before for a while, and then no more', () => {
    const [a, b] = [new End(1, 2, 2), new End(2, 1, 1_000)]
    const late = [a.seal(0), a.seal(0)]
    a.phases.acked(1)
    expect(b.open(a.seal(0), 0)).toBe(true)
    expect(b.phases.phase).toBe(1)
    expect(b.open(late[0]!, KEEP_MS - 1)).toBe(true)
    expect(b.open(late[1]!, KEEP_MS)).toBe(false)
  })

  it('cost one derivation for any number of false bits, and stay where they are', () => {
    let derived = 0
    const counting: Crypto = {
      ...hostCrypto,
      authenticate: (message, secret) => (derived++, hostCrypto.authenticate(message, secret)),
    }
    const end = new End(1, 2, 5, counting)
    for (let number = 0; number < 10_000; number++)
      expect(end.open({ number, isOdd: true, key: 'false', acks: -1 }, number)).toBe(false)
    expect(derived).toBe(1)
    expect(end.phases.phase).toBe(0)
  })

  it('erase what has had its time', () => {
    const keys = { send: key(1), receive: key(2) }
    const phases = new KeyPhases(hostCrypto, keys, 1)
    phases.sendKey(0, 0)
    phases.acked(0)
    phases.sendKey(1, 0)
    expect(keys.send).toEqual(key(0))
    expect(keys.receive).toEqual(key(2)) // the peer has not followed
    phases.opened(true, 7, 0, KEEP_MS)
    phases.receiveKey(true, 8, KEEP_MS)
    expect(keys.receive).toEqual(key(0))
  })

  it('are all erased at the end, and seal nothing more', () => {
    const keys = { send: key(1), receive: key(2) }
    const phases = new KeyPhases(hostCrypto, keys, 1)
    const all = [keys.send, keys.receive, phases.receiveKey(true, 0, 0)!]
    phases.opened(true, 0, 0, KEEP_MS)
    all.push(phases.sendKey(0, 0), phases.receiveKey(false, 1, 0)!)
    expect(new Set(all).size).toBe(5)
    phases.erase()
    for (const each of all) expect(each).toEqual(key(0))
    expect(() => phases.sendKey(1, 0)).toThrowError(expect.objectContaining({ code: 'closed' }))
  })

  it('are worn out where nothing lets them change', () => {
    const end = new End(1, 2, 5)
    for (let i = 0; i < 8_192; i++) {
      expect(end.phases.isWornOut).toBe(false)
      end.seal(0)
    }
    expect(end.phases.isWornOut).toBe(true)
  })

  it('and the packets sealed with them have these bytes', () => {
    const made: Record<string, string> = {}
    const ports = { crypto: hostCrypto, packetsPerKey: 1 }
    const keys = () => ({ send: key(0x11), receive: key(0x22) })
    let next = key(0x11)
    for (let phase = 0; phase < 3; phase++, next = nextKey(hostCrypto, next))
      made[`key ${phase}`] = toHex(next)
    const packets = new SealedPackets(ports, keys(), 0x0102030405)
    for (const number of [0, 1]) {
      made[`packet ${number}, a ping`] = toHex(packets.seal(Uint8Array.of(1), number, 0))
      packets.acked(number)
    }
    const file = new URL('../../vectors/key-update.json', import.meta.url)
    if (process.env.UPDATE_VECTORS) writeFileSync(file, JSON.stringify(made, undefined, 2) + '\n')
    expect(made).toEqual(JSON.parse(readFileSync(file, 'utf8')))
  })
})

describe('a session whose keys change every fifty packets', () => {
  const options = { keepAliveMs: 25_000, packetsPerKey: 50 }

  it('loses nothing by it on bad paths', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const world = new World(seed, {
        delayMs: 10 + 5 * seed,
        jitterMs: 10,
        lossRate: 0.02 * (seed % 8),
        reorderRate: 0.2,
        duplicateRate: 0.1,
      })
      const { alice, bob, link, back } = await world.connected(options)
      for (let i = 0; i < 40; i++) {
        link.send(new Uint8Array(30_000).fill(i))
        back.send(new Uint8Array(20_000).fill(i))
        await world.run(200)
      }
      await world.run(30_000)
      for (const { received, story } of [alice, bob]) {
        expect(story, `seed ${seed}`).toEqual(['up'])
        expect(
          received.map((message) => message[0]),
          `seed ${seed}`,
        ).toEqual(Array.from({ length: 40 }, (_, i) => i))
      }
      const updates = [alice.endpoint.get(bob.identity.id)!, bob.endpoint.get(alice.identity.id)!].map(
        ({ figures }) => figures.keyUpdates,
      )
      expect(Math.min(...updates), `seed ${seed}`).toBeGreaterThanOrEqual(5)
      expect(Math.abs(updates[0]! - updates[1]!)).toBeLessThanOrEqual(1)
      for (const { endpoint } of [alice, bob])
        expect(endpoint.counters.dropped['not-authentic']).toBeUndefined()
    }
  })

  it('is not put out of step by bits that were flipped on the way', async () => {
    const world = new World(90, { jitterMs: 0 })
    const { alice, bob, link, back } = await world.connected(options)
    world.net.tap((datagram, from, to) => {
      if ((datagram[0]! & 0x7f) !== PACKET_SEALED) return
      const forged = datagram.slice()
      forged[0]! ^= PACKET_SEALED ^ PACKET_SEALED_ODD
      const target = to.host === '10.0.0.2' ? bob : alice
      target.socket.arrive(forged, from)
    })
    for (let i = 0; i < 20; i++) {
      link.send(new Uint8Array(30_000))
      back.send(utf8('yes'))
      await world.run(300)
    }
    await world.run(5_000)
    expect([bob.received.length, alice.received.length]).toEqual([20, 20])
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    expect(bob.endpoint.counters.dropped['not-authentic']).toBeGreaterThan(100)
    expect(bob.endpoint.get(alice.identity.id)!.figures.keyUpdates).toBeGreaterThan(3)
  })
})

describe('a peer that does not follow a change of keys', () => {
  /** Acknowledges what it hears up to the last packet of phase 0, or beyond; in phase 0, or as it should. */
  const answer = async (seed: number, isFollowing: boolean, beyond: boolean, rounds = 250) => {
    const peer = await OpenPeer.linked(seed, { packetsPerKey: 20 })
    for (let i = 0; i < rounds && peer.session.isOpen; i++) {
      peer.session.send(utf8('hello'))
      await peer.world.run(100)
      const { number, isOddPhase } = peer.heard.filter(({ isOddPhase }) => beyond || !isOddPhase).at(-1)!
      const phase = isFollowing && isOddPhase ? 1 : 0
      peer.say([{ type: 'ack', delayUs: 0, ranges: [{ first: number, last: number }] }], undefined, phase)
    }
    return peer
  }

  it('but acknowledges the new ones under the old is closed', async () => {
    const { bob, session } = await answer(91, false, true)
    expect([bob.story, bob.endpoint.counters.dropped]).toEqual([
      ['up', 'down: broken-rule'],
      { 'bad-frame': 1 },
    ])
    expect(session.facts.keys).toMatchObject({ send: key(0), receive: key(0) })
  })

  it('and does not acknowledge the new ones is closed before a key is worn out', async () => {
    const peer = await answer(92, false, false, 20)
    const { bob, world } = peer
    expect(bob.story).toEqual(['up'])
    for (let i = 0; i < 9_000; i++) {
      peer.say([{ type: 'ping' }])
      await world.run(1)
    }
    expect(bob.story).toEqual(['up', 'down: worn-out'])
  })

  it('is another than one that does', async () => {
    const { bob, session } = await answer(93, true, true)
    expect(bob.story).toEqual(['up'])
    expect(session.figures.keyUpdates).toBeGreaterThan(5)
  })
})
