// What a member, or somebody who only claims to be one, can do to a room: nothing that is not counted, bounded, and gone with him.

import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type Bytes, concat, utf8 } from '../../../main/overlay/base/bytes.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { Reader, Writer } from '../../../main/overlay/wire/codec.ts'
import { type MeshJoin, signMeshJoin, writeMeshJoin } from '../../../main/overlay/wire/mesh-join.ts'
import {
  ASKS,
  COPY,
  decodeMeshPayload,
  encodeMeshAnnounce,
  encodeMeshGraft,
  encodeMeshHeartbeat,
  encodeMeshHello,
  encodeMeshPayload,
  encodeMeshPrune,
  encodeMeshSubscribe,
  HELLO_ROLE,
  type MessageId,
  messageIdOf,
  signBroadcast,
} from '../../../main/overlay/wire/mesh-messages.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant } from '../../../simulator/links/modelled-world.ts'
import { MESH_FIELDS_AT, Room } from './room.ts'

const SEED = 641
const SPOKEN = concat(Uint8Array.of(1), utf8('listen to me'))

describe(`a member that does not keep the rules (seed ${SEED})`, () => {
  let room: Room
  let victim: Inhabitant
  let attacker: Inhabitant
  let friend: Inhabitant
  let members: Inhabitant[]

  beforeEach(async () => {
    room = await Room.of(SEED, 8)
    members = room.world.alive.slice(0, 6)
    ;[victim, attacker, friend] = members as [Inhabitant, Inhabitant, Inhabitant]
    await room.joinAll(members)
  })

  function send(...messages: Bytes[]): void {
    const link = attacker.links.get(victim.identity.id)!
    for (const message of messages) link.send(message)
  }

  function dropped(reason: string): number {
    return victim.node.status().dropped[reason] ?? 0
  }

  function payload(number: number, body = SPOKEN): Bytes {
    const { nodeKey } = attacker.identity
    return encodeMeshPayload(room.mesh, 1, signBroadcast(crypto, nodeKey, room.mesh, number, body))
  }

  async function friendIsHeard(): Promise<void> {
    const before = room.heard.get(victim)!.length
    room.say(friend, 'never mind him')
    await room.world.run(5000)
    expect(room.heard.get(victim)!.slice(before)).toEqual([`${friend.number}: never mind him`])
    expect(room.world.errors).toEqual([])
  }

  it('is no neighbour any more once it passes on what nobody signed', async () => {
    const forged = payload(room.world.clock.wallMs())
    forged[forged.length - 1]! ^= 1
    expect(room.view(victim).members.map(({ id }) => id)).toContain(attacker.identity.id)
    send(forged)
    await room.world.run(1000)
    expect(dropped('mesh broadcast: bad-signature')).toBe(1)
    const { held, holders } = room.view(victim)
    expect([...held, ...holders]).not.toContain(attacker.identity.id)
    await friendIsHeard()
  })

  it('says no more than its rate, and nobody passes more on', async () => {
    const nowMs = room.world.clock.wallMs()
    send(...Array.from({ length: 1000 }, (_, i) => payload(nowMs + i)))
    await room.world.run(5000)
    for (const one of members)
      if (one !== attacker) expect(room.heard.get(one)!.length).toBeLessThanOrEqual(300 + 20 * 6)
    expect(dropped('mesh broadcast: over the rate limit of its author')).toBeGreaterThan(500)
    await friendIsHeard()
  })

  it('repeats a message of long ago in vain, once others of its author have come', async () => {
    const nowMs = room.world.clock.wallMs()
    send(payload(nowMs), payload(nowMs - 3_600_000))
    await room.world.run(1000)
    expect(dropped('mesh broadcast: a message of old')).toBe(1)
    expect(room.heard.get(friend)).toHaveLength(1)
  })

  it('announces what is not there: it is asked a few times, and nothing is kept of it', async () => {
    const invented = (n: number): { id: MessageId; hops: number }[] =>
      Array.from({ length: 64 }, (_, i) => ({
        id: (64 * n + i).toString(16).padStart(32, '0') as MessageId,
        hops: 0,
      }))
    send(...Array.from({ length: 200 }, (_, n) => encodeMeshAnnounce(room.mesh, ASKS.all, invented(n))))
    await room.world.run(500)
    expect(victim.node.meshes.holdings(room.mesh)!.missing).toBeLessThanOrEqual(256)
    expect(dropped('mesh announcement: too many are missing')).toBeGreaterThan(0)
    expect(dropped('mesh announcement: over the rate limit of its link')).toBeGreaterThan(0)
    await room.world.run(10_000)
    expect(victim.node.meshes.holdings(room.mesh)!.missing).toBe(0)
    await friendIsHeard()
  })

  it('grafts the same again and again, and gets no more than its share', async () => {
    const ids: MessageId[] = []
    room.overhear(attacker, (_link, message) => {
      if (message[0] === MESSAGE.meshPayload)
        ids.push(
          messageIdOf(crypto, room.mesh, decodeMeshPayload(new Reader(message, MESH_FIELDS_AT)).broadcast),
        )
    })
    victim.node.meshes.broadcast(room.mesh, new Uint8Array(60_000).fill(65))
    await room.world.run(2000)
    expect(ids).not.toEqual([])
    const link = attacker.links.get(victim.identity.id)!
    const before = link.traffic.receivedBytes
    send(...Array.from({ length: 900 }, () => encodeMeshGraft(room.mesh, ids)))
    await room.world.run(5000)
    expect(link.traffic.receivedBytes - before).toBeLessThan(16 * 1024 * 1024)
    expect(dropped('mesh graft: over the rate limit of its link')).toBeGreaterThan(0)
  })

  it.each([ASKS.all, ASKS.since])(
    'asks again and again what there is (%i), and is told no more than its share',
    async (asks) => {
      for (let i = 0; i < 64; i++) room.say(friend, `${i}`)
      await room.world.run(10_000)
      const told = room.announcements(attacker)
      send(...Array.from({ length: 2000 }, () => encodeMeshAnnounce(room.mesh, asks, [])))
      await room.world.run(5000)
      const ids = told.filter(({ from }) => from === victim.identity.id).flatMap(({ announced }) => announced)
      expect(ids.length).toBeGreaterThan(64)
      expect(ids.length).toBeLessThan(20_000)
      expect(dropped('mesh announcement: over the rate limit of its link')).toBeGreaterThan(0)
      await friendIsHeard()
    },
  )

  it('subscribes in the name of others in vain, and for itself no faster than its quota', async () => {
    const stranger = room.world.alive.at(-1)!
    const word = { member: stranger.links.self, issuedMs: 1, leaseSeconds: 3600 }
    const forged: MeshJoin = { ...word, signature: new Uint8Array(64) }
    const own = signMeshJoin(crypto, attacker.identity.nodeKey, room.mesh, {
      member: attacker.links.self,
      issuedMs: room.world.clock.wallMs(),
      leaseSeconds: 3600,
    })
    send(
      encodeMeshSubscribe(room.mesh, { steps: 0, hops: 0, join: forged }),
      encodeMeshHello(room.mesh, HELLO_ROLE.holder, forged),
      ...Array.from({ length: 4000 }, () =>
        encodeMeshSubscribe(room.mesh, { steps: COPY, hops: 0, join: own }),
      ),
    )
    await room.world.run(3000)
    expect(dropped('mesh member: bad-signature')).toBe(1)
    expect(dropped(`message ${MESSAGE.meshHello}: refused`)).toBe(1)
    expect(dropped('mesh member: over the limit of its link')).toBeGreaterThan(1000)
    for (const one of members) expect(room.view(one).held).not.toContain(stranger.identity.id)
    await friendIsHeard()
  })

  /** As it has broadcast it. */
  function joinOf(one: Inhabitant): MeshJoin {
    const { joinedMs } = room.view(victim).members.find(({ id }) => id === one.identity.id)!
    const word = { member: one.links.self, issuedMs: joinedMs, leaseSeconds: 2 * 3600 }
    return signMeshJoin(crypto, one.identity.nodeKey, room.mesh, word)
  }

  /** Steps of walks, and copies, that come to members from members other than the attacker from now on. */
  function carried(): { walks: number; copies: number } {
    const counts = { walks: 0, copies: 0 }
    for (const one of members)
      room.overhear(one, (link, message) => {
        if (message[0] !== MESSAGE.meshSubscribe || link.peer.id === attacker.identity.id) return
        counts[message[MESH_FIELDS_AT] === COPY ? 'copies' : 'walks']++
      })
    return counts
  }

  it('sends more walks than a crowd would, and its link carries no more than its share', async () => {
    const counts = carried()
    const join = joinOf(friend)
    send(...Array.from({ length: 1000 }, () => encodeMeshSubscribe(room.mesh, { steps: 8, hops: 0, join })))
    await room.world.run(10_000)
    expect(counts.walks).toBeLessThan(10 * (256 + 4 * 10))
    expect(dropped('mesh member: more walks than one link may bring')).toBeGreaterThan(700)
    await friendIsHeard()
  })

  it('plays the join of another again, and nobody takes it up', async () => {
    await room.world.run(150_000)
    const counts = carried()
    const again = encodeMeshSubscribe(room.mesh, { steps: 8, hops: 0, join: joinOf(friend) })
    for (let i = 0; i < 10; i++) {
      send(again)
      await room.world.run(4000)
    }
    expect(counts.walks).toBeGreaterThan(40)
    expect(counts.copies).toBe(0)
    const refused = members.map(
      ({ node }) => node.status().dropped['mesh member: a subscription played again'],
    )
    expect(refused.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBeGreaterThan(5)
    await friendIsHeard()
  })

  it('prunes and grafts in turns, which costs it its budget and the others nothing', async () => {
    const turns = Array.from({ length: 2000 }, (_, i) =>
      i % 2 === 0 ? encodeMeshPrune(room.mesh, true) : encodeMeshGraft(room.mesh, []),
    )
    send(...turns, encodeMeshHeartbeat([room.mesh]))
    await room.world.run(1000)
    expect(dropped('mesh: over the rate limit of its link')).toBeGreaterThan(0)
    await friendIsHeard()
  })

  it('sends any bytes: each is counted, and none throws', async () => {
    const types = Object.entries(MESSAGE).flatMap(([name, type]) => (name.startsWith('mesh') ? [type] : []))
    const ids = [room.mesh, victim.identity.id].map((id) => Buffer.from(id, 'hex'))
    const link = victim.links.get(attacker.identity.id)!
    const links = victim.links as unknown as { arrived(link: Link, message: Bytes): void }
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom(...ids),
        fc.uint8Array({ maxLength: 400 }),
        (type, id, rest) => links.arrived(link, Uint8Array.of(type, ...id, ...rest)),
      ),
      { numRuns: 2000, seed: SEED },
    )
    await room.world.run(2000)
    const malformed = Object.entries(victim.node.status().dropped).filter(([reason]) =>
      /^message 6\d: malformed/.test(reason),
    )
    expect(malformed.length).toBeGreaterThan(3)
    await friendIsHeard()
  })
})

it(`a member that speaks under invented names is not heard where the application admits its own (seed ${SEED + 1})`, async () => {
  const room = await Room.of(SEED + 1, 4)
  const { world } = room
  const members = world.alive
  const [victim, attacker, friend] = members as [Inhabitant, Inhabitant, Inhabitant]
  const ids = new Set(members.map(({ identity }) => identity.id))
  for (const [i, one] of members.entries()) {
    room.join(one, i === 0 ? [] : [members[0]!], (id) => ids.has(id))
    await world.run(1000)
  }
  await world.run(10_000)

  const nowMs = world.clock.wallMs()
  const link = attacker.links.get(victim.identity.id)!
  const receivedBefore = room.view(friend).received
  for (let n = 0; n < 20; n++) {
    const { invented, join } = inventedMember(room, attacker)
    for (const [i, body] of [join, ...Array.from({ length: 50 }, () => SPOKEN)].entries())
      link.send(
        encodeMeshPayload(room.mesh, 1, signBroadcast(crypto, invented.nodeKey, room.mesh, nowMs + i, body)),
      )
  }
  await world.run(5000)

  expect(room.view(friend).received).toBe(receivedBefore)
  for (const one of members) expect(room.view(one).members.every(({ id }) => ids.has(id))).toBe(true)
  const { dropped } = victim.node.status()
  expect(dropped['mesh broadcast: of an author not admitted by the application']).toBe(20 * 51)
  room.say(friend, 'and you?')
  await world.run(5000)
  expect(room.heard.get(victim)).toEqual([`${friend.number}: and you?`])
}, 30_000)

/** At its inventor's addresses, and its join as it would be broadcast. */
function inventedMember(room: Room, inventor: Inhabitant): { invented: Identity; join: Bytes } {
  const { random } = room.world
  const seeds = { node: random.bytes(32), noise: random.bytes(32) }
  const invented = new Identity(crypto, room.world.overlayNetwork, seeds)
  const join = signMeshJoin(crypto, invented.nodeKey, room.mesh, {
    member: invented.selfRecord(inventor.links.self.addresses),
    issuedMs: room.world.clock.wallMs(),
    leaseSeconds: 3600,
  })
  return { invented, join: concat(Uint8Array.of(2), writeMeshJoin(new Writer(), join).finish()) }
}
