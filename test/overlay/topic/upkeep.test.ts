// What keeps a topic's tree whole and in shape besides its growing: limits, counters, digests, and the root's heirs.

import { describe, expect, it } from 'vitest'
import { type Bytes, fromUtf8, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { encodeJoined } from '../../../main/overlay/wire/topic-messages.ts'
import { encodeHandOn, encodeSeek } from '../../../main/overlay/wire/topic-placement.ts'
import {
  encodeCounts,
  encodeDigest,
  encodeTold,
  encodeWant,
} from '../../../main/overlay/wire/topic-upkeep.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { arrivals, deafen, rootOf, statusOf, topicOf } from './topic-world.ts'

const HEARTBEAT_MS = 24_000

describe('a topic that all of 90 nodes hear (seed 331)', () => {
  it('hangs under one core, no node with more children than it feeds, and everybody knows how many hear it', async () => {
    const { world, topic, members, heard } = await topicOf(331, 90, 90)
    await world.run(200_000) // past the core's third move, and two heartbeats
    const places = members.map((one) => statusOf(one, topic)!)
    expect(places.filter(({ isRoot }) => isRoot)).toHaveLength(1)
    expect(Math.max(...places.map(({ children }) => children))).toBeLessThanOrEqual(64)
    expect(Math.max(...places.map(({ depth }) => depth))).toBeLessThanOrEqual(4)
    // The root passes nearly all of them on to the core.
    expect(places.find(({ isRoot }) => isRoot)!.children).toBeLessThan(8)
    expect(places.some(({ depth, children }) => depth === 1 && children > 30)).toBe(true)
    expect(new Set(places.map(({ members: count }) => count))).toEqual(new Set([90]))
    await world.finish(world.pick(members).node.publish(topic, utf8('to all')))
    await world.run(2000)
    for (const texts of heard.values()) expect(texts).toEqual(['to all'])
    expect(world.errors).toEqual([])
  }, 60_000)
})

describe('a topic with 8 members among 12 nodes', () => {
  it('knows how many hear it, and that two have left, ten seconds later (seed 332)', async () => {
    const { world, topic, members } = await topicOf(332, 12, 8)
    await world.run(4 * HEARTBEAT_MS)
    for (const one of members) expect(statusOf(one, topic)).toMatchObject({ members: 8 })
    for (const one of members.slice(0, 2)) one.node.leave(topic)
    await world.run(10_000)
    for (const one of members.slice(2)) expect(statusOf(one, topic)).toMatchObject({ members: 6 })
  })

  it('says nothing of itself at rest but heartbeats (seed 333)', async () => {
    const { world } = await topicOf(333, 12, 8)
    await world.run(200_000)
    const types = new Set<number>()
    for (const { links } of world.alive) {
      const door = links as Links & { arrived(link: Link, message: Uint8Array): void }
      const arrived = door.arrived.bind(links)
      door.arrived = (link, message) => {
        types.add(message[0]!)
        arrived(link, message)
      }
    }
    await world.run(60_000)
    const ofTopics = [...types].filter((type) => (type >= 8 && type <= 11) || type >= MESSAGE.topicSeek)
    expect(ofTopics).toEqual([MESSAGE.topicHeartbeat])
  })

  it('brings by the next heartbeat what a member lost on the way (seed 334)', async () => {
    const { world, topic, members, heard } = await topicOf(334, 12, 8)
    await world.run(100_000)
    const deaf = members.find((one) => statusOf(one, topic)!.children === 0)!
    const hearAgain = deafen(deaf, [MESSAGE.publication])
    const publisher = members.find((one) => one !== deaf && one !== rootOf(world, topic))!
    await world.finish(publisher.node.publish(topic, utf8('lost')))
    await world.run(1000)
    hearAgain()
    expect(heard.get(deaf)).toEqual([])
    await world.run(HEARTBEAT_MS + 5000)
    for (const texts of heard.values()) expect(texts).toEqual(['lost'])
  })

  it('has a new root within seconds, which knows the children of the old one and rouses them (seed 335)', async () => {
    const { world, topic, members } = await topicOf(335, 12, 8)
    await world.run(100_000)
    const old = rootOf(world, topic)
    const children = members.filter((one) => statusOf(one, topic)!.parent === old.identity.id)
    const rousedBy = new Map(children.map((one) => [one, arrivals(one, MESSAGE.topicHandOn)]))
    world.kill([old])
    await world.run(12_000)
    const root = rootOf(world, topic)
    expect(statusOf(root, topic)).toMatchObject({ isRoot: true })
    for (const one of members)
      if (one.isAlive && one !== root)
        expect(statusOf(one, topic)).toMatchObject({ hasParent: true, isRoot: false })
    for (const [child, by] of rousedBy) if (child !== root) expect(by).toContain(root.identity.id)
  })

  it('hears what a root took while nobody had subscribed, though another is root by then (seed 337)', async () => {
    const world = new ModelledWorld({ seed: 337 })
    await world.grow(8)
    await world.run(10_000)
    const newcomer = world.add()
    const topic = newcomer.identity.id
    const [publisher, member] = world.alive as [Inhabitant, Inhabitant]
    expect(await world.finish(publisher.node.publish(topic, utf8('early')))).toEqual({ kind: 'accepted' })
    newcomer.node.addPeers([world.alive[3]!.links.self])
    await newcomer.node.start()
    await world.run(10_000)
    const texts: string[] = []
    member.node.on({ publication: ({ payload }) => texts.push(fromUtf8(payload)) })
    member.node.subscribe(topic)
    await world.run(5000)
    expect(statusOf(newcomer, topic)).toMatchObject({ isRoot: true })
    expect(texts).toEqual(['early'])
  })

  it('takes no word of a stranger for that of a neighbour (seed 336)', async () => {
    const { world, topic, members } = await topicOf(336, 12, 8)
    await world.run(60_000)
    const stranger = world.alive.find((one) => !members.includes(one) && !statusOf(one, topic))!
    const victim = members.find((one) => one.links.get(stranger.identity.id)?.isOpen)!
    const before = statusOf(victim, topic)
    const link = stranger.links.get(victim.identity.id)!
    const place = { record: stranger.links.self, hasRoom: true, costMs: 0, spot: undefined }
    link.send(encodeTold({ topic, members: 1_000_000, costMs: 0, isCore: true }))
    link.send(encodeDigest({ topic, names: ['00'.repeat(8)] }))
    link.send(encodeWant({ topic, names: ['00'.repeat(8)] }))
    link.send(encodeHandOn(topic, [place]))
    await world.run(5000)
    expect(statusOf(victim, topic)).toEqual(before)
    expect(victim.node.status().dropped).toMatchObject({
      'topic: told by no parent': expect.any(Number) as number,
      'publication: digest of a stranger': expect.any(Number) as number,
      'publication: wanted by a stranger': expect.any(Number) as number,
    })
  })

  it('is not told by a whole subtree what its parent says again and again, nor all that alternates (seed 336)', async () => {
    const { world, topic, parent, middle, leaf } = await chainOf(336)
    const toLeaf = [MESSAGE.topicJoined, MESSAGE.topicTold].map((type) => arrivals(leaf, type))
    const link = parent.links.get(middle.identity.id)!
    const elsewhere = world.alive.map(({ identity }) => identity.id).filter((id) => id !== middle.identity.id)
    const say = async (joined: (n: number) => Bytes): Promise<number> => {
      const before = toLeaf.flat().length
      for (let n = 0; n < 200; n++) {
        link.send(joined(n))
        await world.run(5)
      }
      await world.run(2000)
      return toLeaf.flat().length - before
    }
    const ancestors = [rootOf(world, topic).identity.id].filter((id) => id !== parent.identity.id)
    await say(() => encodeJoined({ topic, ancestors }))
    expect(await say(() => encodeJoined({ topic, ancestors }))).toBe(0)
    const alternating = (n: number): Bytes =>
      encodeJoined({ topic, ancestors: [...ancestors, elsewhere[n % 2]!] })
    expect(await say(alternating)).toBeLessThan(20)
    const told = (n: number): Bytes =>
      encodeTold({ topic, members: 8, costMs: n % 2 === 0 ? 10 : 500, isCore: false })
    expect(await say(told)).toBeLessThan(20)
    for (let n = 0; n < 6000; n++) link.send(told(n))
    await world.run(1000)
    expect(middle.node.status().dropped['topic: over the rate limit of its link']).toBeGreaterThan(1000)
  })

  it('hands all on to nobody who says that he was their core, once its root is no new one (seed 337)', async () => {
    const { world, topic, members } = await topicOf(337, 12, 8)
    await world.run(90_000)
    const root = rootOf(world, topic)
    const claimant = members.find((one) => one !== root && one.links.get(root.identity.id)?.isOpen)!
    const before = statusOf(claimant, topic)!.children
    const link = claimant.links.get(root.identity.id)!
    for (let n = 0; n < 10; n++) {
      link.send(encodeCounts([[topic, { members: 1_000_000, height: 2, children: 16 }]]))
      await world.run(3000)
    }
    expect(statusOf(claimant, topic)!.children).toBeLessThanOrEqual(before + 1)
  })

  it('answers those who seek a place no more often than those who ask for one (seed 338)', async () => {
    const { world, topic, members } = await topicOf(338, 60, 56)
    await world.run(60_000)
    const root = rootOf(world, topic)
    const stranger = world.alive.find((one) => !members.includes(one) && !statusOf(one, topic))!
    if (!stranger.links.get(root.identity.id)) await stranger.links.dial(root.links.self)
    const answers = arrivals(stranger, MESSAGE.topicHandOn)
    const link = stranger.links.get(root.identity.id)!
    for (let n = 0; n < 3000; n++) link.send(encodeSeek({ topic, spot: undefined, meanRttMs: 50 }))
    await world.run(5000)
    expect(answers.length).toBeGreaterThan(300)
    expect(answers.length).toBeLessThan(600)
  })
})

/** A tree in which some member hangs below another that is not the root. */
async function chainOf(seed: number) {
  const { world, topic } = await topicOf(seed, 90, 90)
  await world.run(60_000)
  const parentOf = (one: Inhabitant) =>
    world.alive.find(({ identity }) => identity.id === statusOf(one, topic)?.parent)
  for (const leaf of world.alive) {
    const middle = parentOf(leaf)
    const parent = middle && parentOf(middle)
    if (middle && parent) return { world, topic, leaf, middle, parent }
  }
  throw new Error('no tree of three levels')
}
