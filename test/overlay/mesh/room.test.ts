import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import {
  type Announced,
  ASKS,
  DROP_REASON,
  encodeMeshAnnounce,
  encodeMeshDrop,
  encodeMeshGraft,
  encodeMeshPrune,
} from '../../../main/overlay/wire/mesh-messages.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant } from '../../../simulator/links/modelled-world.ts'
import { Room } from './room.ts'

function expectAllHeard(room: Room, members: readonly Inhabitant[], expected: string[]): void {
  for (const one of members) {
    const others = expected.filter((text) => !text.startsWith(`${one.number}: `))
    expect([one.number, [...room.heard.get(one)!].sort()]).toEqual([one.number, others.sort()])
  }
}

async function eachSays(room: Room, members: readonly Inhabitant[], text: string): Promise<string[]> {
  for (const one of members) {
    room.say(one, text)
    await room.world.run(300)
  }
  await room.world.run(8000)
  return members.map(({ number }) => `${number}: ${text}`)
}

describe('a room of 12 among 16 nodes (seed 631)', () => {
  it('hears every member once, sees every join, and goes on when members crash, leave and come', async () => {
    const room = await Room.of(631, 16)
    const { world } = room
    const members = world.alive.slice(0, 12)
    await room.joinAll(members)
    const first = await eachSays(room, members, 'here')
    expectAllHeard(room, members, first)
    for (const one of members) {
      const others = members.filter((each) => each !== one).map(({ number }) => `joined ${number}`)
      expect([one.number, [...room.news.get(one)!].sort()]).toEqual([one.number, others.sort()])
      expect(room.view(one).members).toHaveLength(11)
    }

    world.kill([members[2]!, members[5]!, members[7]!])
    const survivors = members.filter(({ isAlive }) => isAlive)
    const second = await eachSays(room, survivors, 'still here')
    expectAllHeard(room, survivors, [...first, ...second])

    const [leaver, ...staying] = survivors
    leaver!.node.meshes.leave(room.mesh)
    expect(leaver!.node.meshes.view(room.mesh)).toBeUndefined()
    await world.run(2000)
    for (const one of staying) {
      expect(room.news.get(one)).toContain(`left ${leaver!.number}`)
      expect(room.view(one).held).not.toContain(leaver!.identity.id)
      expect(room.view(one).members.map(({ id }) => id)).not.toContain(leaver!.identity.id)
    }
    const newcomer = world.alive.at(-1)!
    room.join(newcomer, [staying[0]!])
    await world.run(10_000)
    const before = room.heard.get(newcomer)!.length
    const third = await eachSays(room, [...staying, newcomer], 'hello')
    expectAllHeard(room, staying, [...first, ...second, ...third])
    expect(room.heard.get(newcomer)!.slice(before).sort()).toEqual(
      third.filter((text) => !text.startsWith(`${newcomer.number}: `)).sort(),
    )
    expect(world.errors).toEqual([])
  }, 30_000)
})

describe('a member (seed 632)', () => {
  it('that lost all its neighbours finds its way back through members it remembers', async () => {
    const room = await Room.of(632, 8)
    const { world } = room
    const members = world.alive.slice(0, 6)
    await room.joinAll(members)
    const [lost, ...others] = members
    for (const link of [...lost!.links.all()]) link.close('for the test')
    expect(room.view(lost!).isAlone).toBe(true)
    await world.run(60_000)
    expect(room.view(lost!).isAlone).toBe(false)
    room.say(others[3]!, 'are you back?')
    await world.run(5000)
    expect(room.heard.get(lost!)).toEqual([`${others[3]!.number}: are you back?`])
  })

  it('renews its lease, and is held by others from then on, while all go on hearing it', async () => {
    const room = await Room.of(633, 8, { leaseMs: 60_000 })
    const { world } = room
    const members = world.alive.slice(0, 7)
    await room.joinAll(members)
    const joinedMs = room.view(members[0]!).members.map(({ joinedMs }) => joinedMs)
    await world.run(240_000)
    const renewed = room.view(members[0]!).members.filter(({ joinedMs: ms }) => ms > Math.max(...joinedMs))
    expect(renewed.length).toBeGreaterThan(3)
    for (const one of members) {
      expect(room.view(one).held.length).toBeGreaterThan(0)
      expect(room.view(one).holders.length).toBeGreaterThan(0)
    }
    expectAllHeard(room, members, await eachSays(room, members, 'four leases later'))
  }, 30_000)

  it('tells a member that grafts a link what was said while that was cut, also where nobody announces it', async () => {
    const room = await Room.of(636, 3, { announceTo: 0 })
    const { world } = room
    const [one, other] = world.alive as [Inhabitant, Inhabitant]
    await room.joinAll([one, other])
    const link = other.links.get(one.identity.id)!
    link.send(encodeMeshPrune(room.mesh, true))
    await world.run(1000)
    room.say(one, 'unheard')
    await world.run(5000)
    expect(room.heard.get(other)).toEqual([])
    link.send(encodeMeshGraft(room.mesh, []))
    await world.run(5000)
    expect(room.heard.get(other)).toEqual([`${one.number}: unheard`])
  })

  it('tells a member that asks in silence what came after the last that it knows', async () => {
    const room = await Room.of(637, 3)
    const [one, other] = room.world.alive as [Inhabitant, Inhabitant]
    await room.joinAll([one, other])
    for (let i = 0; i < 12; i++) room.say(one, `${i}`)
    await room.world.run(10_000)
    const told = room.announcements(other)
    const askOf = async (known: readonly Announced[]): Promise<number[]> => {
      told.length = 0
      other.links.get(one.identity.id)!.send(encodeMeshAnnounce(room.mesh, ASKS.since, known))
      await room.world.run(1000)
      return told.map(({ announced }) => announced.length)
    }
    await askOf([])
    const all = told[0]!.announced
    expect(all.length).toBeGreaterThanOrEqual(12)
    expect(await askOf([all.at(-4)!, all[3]!])).toEqual([3])
    expect(told[0]!.announced).toEqual(all.slice(-3))
    expect(await askOf(all.slice(-1))).toEqual([])
  })

  it('that was busy and falls silent is asked by each member twice, and of a few neighbours', async () => {
    const room = await Room.of(638, 30)
    const members = [...room.world.alive]
    await room.joinAll(members)
    const told = members.map((one) => room.announcements(one))
    for (let i = 0; i < 40; i++) {
      room.say(members[i % 30]!, `${i}`)
      await room.world.run(200)
    }
    expect(told.flat().filter(({ asks }) => asks === ASKS.since)).toEqual([])
    await room.world.run(20_000)
    const questions = told.flat().filter(({ asks }) => asks === ASKS.since)
    const askedOf = ({ identity }: Inhabitant) => questions.filter(({ from }) => from === identity.id).length
    expect(Math.min(...members.map(askedOf))).toBeGreaterThanOrEqual(2)
    // Both ends of each link in the tree, and eight more of each member.
    expect(questions.length).toBeLessThanOrEqual(2 * (2 * 29 + 8 * 30))
    expect(Math.max(...questions.map(({ announced }) => announced.length))).toBe(8)
  }, 30_000)

  it('that all have dropped long after it joined is taken up again, and its first subscription may get lost', async () => {
    const room = await Room.of(636, 12)
    const { world } = room
    const members = world.alive
    await room.joinAll(members)
    await world.run(200_000)
    const [one] = members as [Inhabitant]
    let isLost = false
    for (const other of members)
      room.loseTo(other, (link, message) => {
        if (isLost || message[0] !== MESSAGE.meshSubscribe || link.peer.id !== one.identity.id) return false
        isLost = true
        return true
      })
    const drop = encodeMeshDrop(room.mesh, DROP_REASON.stranger)
    for (const other of members.slice(1)) other.links.get(one.identity.id)?.send(drop)
    await world.run(400)
    expect(room.view(one).isAlone).toBe(true)
    await world.run(20_000)
    expect(isLost).toBe(true)
    expect(room.view(one).holders.length).toBeGreaterThanOrEqual(5)
    const said = await eachSays(room, members, 'still here')
    expectAllHeard(room, members, said)
  }, 30_000)

  it('that the application does not admit is nobody’s neighbour, and hears nothing', async () => {
    const room = await Room.of(634, 6)
    const { world } = room
    const [uninvited, ...members] = world.alive as [Inhabitant, ...Inhabitant[]]
    const admits = (id: string): boolean => id !== uninvited.identity.id
    for (const [i, one] of members.entries()) {
      room.join(one, i === 0 ? [] : [members[0]!], admits)
      await world.run(1000)
    }
    room.join(uninvited, [members[0]!, members[1]!])
    await world.run(30_000)
    const said = await eachSays(room, members, 'among us')
    expectAllHeard(room, members, said)
    expect(room.heard.get(uninvited)).toEqual([])
    for (const one of members) expect(room.view(one).held).not.toContain(uninvited.identity.id)
  }, 30_000)

  it('of no mesh cannot broadcast, and nobody more than 64 KiB', async () => {
    const room = await Room.of(635, 2)
    const [one] = room.world.alive as [Inhabitant]
    const codes: string[] = []
    const tryTo = (action: () => void): void => {
      try {
        action()
      } catch (error) {
        codes.push(codeOf(error))
      }
    }
    tryTo(() => room.say(one, 'anybody?'))
    room.join(one, [])
    tryTo(() => room.say(one, 'x'.repeat(64 * 1024)))
    expect(codes).toEqual(['not-found', 'too-large'])
  })
})
