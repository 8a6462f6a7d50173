import { describe, expect, it } from 'vitest'
import { utf8, fromUtf8 } from '../../../main/overlay/base/bytes.ts'
import { idFromBytes, type Id } from '../../../main/overlay/base/id.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

/** Every publication each node was handed, in order. */
function listen(world: ModelledWorld): Map<number, string[]> {
  const heard = new Map<number, string[]>()
  for (const { node, number } of world.alive) {
    heard.set(number, [])
    node.on({ publication: ({ payload }) => heard.get(number)!.push(fromUtf8(payload)) })
  }
  return heard
}

async function publishMany(world: ModelledWorld, topic: Id, names: string[]): Promise<void> {
  for (const name of names) {
    const result = await world.finish(world.pick(world.alive).node.publish(topic, utf8(name)))
    expect(result).toEqual({ kind: 'accepted' })
    await world.run(200)
  }
  await world.run(3000)
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`)
}

function expectAllHeard(
  members: readonly Inhabitant[],
  heard: Map<number, string[]>,
  expected: string[],
): void {
  for (const { number, isAlive } of members)
    if (isAlive) expect([number, [...heard.get(number)!].sort()]).toEqual([number, [...expected].sort()])
}

describe('a topic with 30 members among 60 nodes (seed 301)', () => {
  it('reaches every member exactly once, also after its interior and its root died, and nobody who left', async () => {
    const world = new ModelledWorld({ seed: 301 })
    await world.grow(60)
    await world.run(15_000)
    const heard = listen(world)
    const topic = idFromBytes(world.random.bytes(32))
    const members = world.sample(world.alive, 30)
    for (const { node } of members) node.subscribe(topic)
    await world.run(5000)
    const first = names('first', 20)
    await publishMany(world, topic, first)
    expectAllHeard(members, heard, first)
    for (const one of world.alive) if (!members.includes(one)) expect(heard.get(one.number)).toEqual([])

    const root = new TrueRing(world.alive.map(({ identity }) => identity.id)).root(topic)
    const isInterior = ({ node }: Inhabitant): boolean =>
      node.status().topics.some(({ children }) => children > 0)
    const interior = world.alive.filter((one) => isInterior(one) && one.identity.id !== root)
    world.kill([...interior.slice(0, 4), world.alive.find(({ identity }) => identity.id === root)!])
    await world.run(45_000)
    const second = names('second', 20)
    await publishMany(world, topic, second)
    expectAllHeard(members, heard, [...first, ...second])

    for (const { node, isAlive } of members) if (isAlive) node.leave(topic)
    await world.run(120_000)
    for (const { node } of world.alive)
      for (const { children, isRoot } of node.status().topics)
        expect({ children, isRoot }).toEqual({ children: 0, isRoot: true })
    expect(world.errors).toEqual([])
  }, 60_000)

  it('follows its root when a closer node joins', async () => {
    const world = new ModelledWorld({ seed: 302 })
    await world.grow(20)
    await world.run(10_000)
    const newcomer = world.add()
    const topic = newcomer.identity.id
    const members = world.alive.filter((one) => one !== newcomer).slice(0, 10)
    for (const { node } of members) node.subscribe(topic)
    await world.run(5000)
    const heard = listen(world)
    newcomer.node.addPeers([world.inhabitants[0]!.links.self])
    await newcomer.node.start()
    await world.run(10_000)
    expect(newcomer.node.status().topics).toMatchObject([{ isRoot: true, isMember: false }])
    await publishMany(world, topic, names('moved', 5))
    expectAllHeard(members, heard, names('moved', 5))
  }, 60_000)
})

describe('a node that knows nobody', () => {
  it('does not call a publication accepted before somebody else is there to take it', async () => {
    const world = new ModelledWorld({ seed: 303 })
    await world.grow(1)
    const topic = idFromBytes(world.random.bytes(32))
    const [alone] = world.alive
    alone!.node.subscribe(topic)
    const result = await world.finish(alone!.node.publish(topic, utf8('is anybody there?')))
    expect(result).toEqual({ kind: 'failed', reason: 'unreachable' })
  })
})
