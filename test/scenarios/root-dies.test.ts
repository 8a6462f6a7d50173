import { expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, idFromBytes } from '../../main/overlay/base/id.ts'
import { type Inhabitant, ModelledWorld, targetOf } from '../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../simulator/links/true-ring.ts'

const SEEDS = Array.from({ length: 22 }, (_, i) => 801 + i)
const PUBLICATIONS = 30

/** Every member that lived through it has every publication that was accepted, once. */
function expectAllHeard(
  members: readonly Inhabitant[],
  heard: Map<Inhabitant, string[]>,
  accepted: readonly string[],
): void {
  for (const member of members) {
    if (!member.isAlive) continue
    const texts = heard.get(member)!
    expect(new Set(texts).size).toBe(texts.length)
    expect(
      accepted.filter((text) => !texts.includes(text)).map((text) => `${member.number} lacks ${text}`),
    ).toEqual([])
  }
}

function rootOf(world: ModelledWorld, topic: Id): Inhabitant {
  const id = new TrueRing(world.alive.map(({ identity }) => identity.id)).root(topic)
  return world.alive.find(({ identity }) => identity.id === id)!
}

it.each(SEEDS)(
  'seed %i: what was accepted while the root died, and its successor gave way to a newcomer, is heard by all',
  async (seed) => {
    const world = new ModelledWorld({ seed })
    await world.grow(30)
    await world.run(10_000)
    const topic = idFromBytes(world.random.bytes(32))
    const members = world.sample(world.alive, 15)
    const heard = new Map<Inhabitant, string[]>()
    for (const member of members) {
      const texts: string[] = []
      heard.set(member, texts)
      member.node.on({ publication: ({ payload }) => texts.push(fromUtf8(payload)) })
      member.node.subscribe(topic)
    }
    await world.run(5000)
    const accepted: string[] = []
    const failed: string[] = []
    for (let n = 0; n < PUBLICATIONS; n++) {
      const text = `publication ${n}`
      const publisher = world.pick(world.alive.filter((one) => one !== rootOf(world, topic)))
      void publisher.node
        .publish(topic, utf8(text))
        .then(({ kind }) => (kind === 'accepted' ? accepted : failed).push(text))
      if (n === 10) {
        await world.run(world.random.below(120)) // the publication is on its way
        world.kill([rootOf(world, topic)])
      }
      if (n === 20) {
        const newcomer = world.add()
        newcomer.node.addPeers([targetOf(world.alive[0]!)])
        await newcomer.node.start()
      }
      await world.run(world.random.below(1500))
    }
    await world.run(90_000)
    expect(accepted.length + failed.length).toBe(PUBLICATIONS)
    expect(accepted.length).toBeGreaterThan(0.9 * PUBLICATIONS)
    expectAllHeard(members, heard, accepted)
    expect(world.errors).toEqual([])
  },
  60_000,
)
