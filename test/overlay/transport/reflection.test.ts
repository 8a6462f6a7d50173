// Nobody gets us to send to a third party what that one has not asked for, beyond three times what came in its name.

import { describe, expect, it } from 'vitest'
import { concat, type Bytes } from '../../../main/overlay/base/bytes.ts'
import { TAG_BYTES } from '../../../main/overlay/ports/crypto.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { CLOSE_GIVEN_UP, writeFrame } from '../../../main/overlay/wire/packet-frames.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'
import { PACKET_INITIATION, SEALED_HEADER_BYTES } from '../../../main/overlay/wire/packet.ts'
import { openlySealing } from './open-peer.ts'
import { type Peer, World, targetOf, text, utf8 } from './world.ts'

const VICTIM: Address = { host: '10.9.9.9', port: 9 }

/** Bytes that Bob sends to the victim from now on. */
function bytesToVictim(world: World): { sum: number; datagrams: number } {
  const count = { sum: 0, datagrams: 0 }
  world.net.tap((datagram, _from, to) => {
    if (to.host !== VICTIM.host) return
    count.sum += datagram.length
    count.datagrams++
  })
  return count
}

/** What Alice says from now on is kept back. */
function muzzle(alice: Peer): Bytes[] {
  const kept: Bytes[] = []
  alice.socket.send = (datagram) => void kept.push(datagram.slice())
  return kept
}

describe('a caller that names a victim', () => {
  it.each([
    ['after it has read the response', [0, 1]],
    ['before it reads the response', [1, 0]],
  ])('%s, gets no more sent there than came from there, three times', async (_when, order) => {
    const world = new World(71)
    const [alice, bob] = world.pair()
    const said = muzzle(alice)
    void alice.endpoint.dial(targetOf(bob)).catch(() => undefined)
    const count = bytesToVictim(world)
    const initiation = said[0]!
    expect(initiation[0]).toBe(PACKET_INITIATION)
    let spoofed = 0
    const fromVictim = (datagram: Bytes): void => {
      spoofed += datagram.length
      bob.socket.arrive(datagram.slice(), VICTIM)
    }
    for (const who of order) {
      if (who === 0) bob.socket.arrive(initiation.slice(), alice.socket.local)
      else fromVictim(initiation)
      await world.run(200)
    }
    const sealed = said.filter(([kind]) => kind !== PACKET_INITIATION)
    for (const datagram of sealed.slice(0, 2)) fromVictim(datagram)
    for (let i = 0; i < 20; i++) bob.endpoint.get(alice.identity.id)?.send(new Uint8Array(100_000))
    await world.run(10_000)
    expect(count.sum).toBeLessThanOrEqual(3 * spoofed)
  })
})

describe('an authentic peer that lies', () => {
  async function openSession(seed: number) {
    const world = new World(seed)
    const alice = world.peer('10.0.0.1', { crypto: openlySealing })
    const bob = world.peer('10.0.0.2', { crypto: openlySealing })
    let header: Bytes | undefined
    world.net.tap((datagram, from) => {
      if (from.host === '10.0.0.1') header = datagram.slice(0, SEALED_HEADER_BYTES)
    })
    await world.until(alice.endpoint.dial(targetOf(bob)))
    await world.run(500)
    const say = (frames: Bytes, from: Address): number => {
      const view = new DataView(header!.buffer)
      view.setUint32(SEALED_HEADER_BYTES - 4, view.getUint32(SEALED_HEADER_BYTES - 4) + 100)
      const datagram = concat(header!, frames, new Uint8Array(TAG_BYTES))
      bob.socket.arrive(datagram, from)
      return datagram.length
    }
    return { world, alice, bob, say }
  }

  it('with a packet full of challenges, has one of them answered', async () => {
    const { world, say } = await openSession(72)
    const count = bytesToVictim(world)
    const out = new PacketWriter(1_150)
    for (let i = 0; i < 120; i++) writeFrame(out, { type: 'path-challenge', data: new Uint8Array(8).fill(i) })
    say(out.written.slice(), VICTIM)
    await world.run(1_000)
    expect(count.datagrams).toBe(1)
  })

  it('that it had given us up, is called where it is and nowhere else', async () => {
    const { world, alice, bob, say } = await openSession(73)
    const session = bob.endpoint.get(alice.identity.id)!
    Object.assign(session.peer, { addresses: [VICTIM, { ...VICTIM, port: 10 }] })
    alice.socket.arrive = () => undefined // and lets itself be called in vain
    const count = bytesToVictim(world)
    const out = new PacketWriter(100)
    writeFrame(out, { type: 'close', code: CLOSE_GIVEN_UP, reason: 'silent' })
    say(out.written.slice(), alice.socket.local)
    await world.run(10_000)
    expect(bob.story.slice(0, 2)).toEqual(['up', 'down: given-up'])
    expect(count.datagrams).toBe(0)
  })
})

describe('a link that is closed', () => {
  it('sends what was to be sent before', async () => {
    const world = new World(74)
    const { bob, link } = await world.connected()
    link.send(utf8('last words'))
    link.close('done')
    await world.run(500)
    expect(bob.received.map(text)).toEqual(['last words'])
    expect(bob.story).toEqual(['up', 'down: closed-by-peer'])
  })

  it('says so again, whatever noise came in between', async () => {
    const world = new World(75)
    const { alice, bob, link, back } = await world.connected()
    const { ownConnectionId } = (link as Session).facts
    const arrive = bob.socket.arrive.bind(bob.socket)
    bob.socket.arrive = () => undefined // the close is lost
    link.close('done')
    await world.run(50)
    bob.socket.arrive = arrive
    const id = new DataView(new ArrayBuffer(8))
    id.setUint32(0, Math.floor(ownConnectionId / 2 ** 32))
    id.setUint32(4, ownConnectionId % 2 ** 32)
    for (let i = 0; i < 10; i++)
      alice.socket.arrive(concat(Uint8Array.of(5), new Uint8Array(id.buffer), new Uint8Array(40)), VICTIM)
    await world.run(200)
    back.send(utf8('are you there?'))
    await world.run(1_000)
    expect(bob.story).toEqual(['up', 'down: closed-by-peer'])
  })
})
