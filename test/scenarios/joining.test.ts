import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { type LinkEvents, type Links } from '../../main/overlay/transport/links.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { signedKey } from '../../main/overlay/wire/dht-record.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { readPeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type Inhabitant, ModelledWorld, targetOf } from '../../simulator/links/modelled-world.ts'
import { type ModelledLink } from '../../simulator/links/modelled-link.ts'
import { lookUp, wrongLeafSets } from '../overlay/routing/ring-checks.ts'

const SEEDS = [1001, 1002, 1003]
const DAY_MS = 86_400_000

async function expectOneRing(world: ModelledWorld, withinMs: number): Promise<void> {
  const untilMs = world.queue.nowMs + withinMs
  const isJoined = ({ node }: Inhabitant): boolean => node.status().stage === 'joined'
  const isDone = (): boolean => wrongLeafSets(world).length === 0 && world.alive.every(isJoined)
  while (!isDone() && world.queue.nowMs < untilMs) await world.run(500)
  expect(wrongLeafSets(world)).toEqual([])
  expect(world.alive.filter((one) => !isJoined(one))).toEqual([])
  expect((await lookUp(world, 20)).wrong).toBe(0)
  expect(world.errors).toEqual([])
}

async function join(newcomer: Inhabitant, targets: readonly Inhabitant[]): Promise<void> {
  newcomer.node.addPeers(targets.map(targetOf))
  await newcomer.node.start()
}

/** The newcomer does not get the first answers to what it asks. */
function loseAnswers(newcomer: Inhabitant, count: number): void {
  const links = newcomer.links as Links & { arrived: LinkEvents['message'] }
  const arrived = links.arrived.bind(links)
  links.arrived = (link, message) => {
    if (message[0] === MESSAGE.routedReply && count-- > 0) return
    arrived(link, message)
  }
}

describe.each(SEEDS)('with seed %i', (seed) => {
  it('thirty that join in the same moment form one ring with those who are there', async () => {
    const world = new ModelledWorld({ seed })
    await world.grow(5)
    await world.run(5000)
    for (let i = 0; i < 30; i++) await join(world.add(), [world.inhabitants[0]!])
    await expectOneRing(world, 30_000)
  })

  it('a newcomer joins though the first three answers are lost', async () => {
    const world = new ModelledWorld({ seed })
    await world.grow(25)
    await world.run(10_000)
    const newcomer = world.add()
    loseAnswers(newcomer, 3)
    await join(newcomer, [world.inhabitants[0]!])
    await expectOneRing(world, 30_000)
  })

  it('newcomers join though the bootstrap node dies while they do', async () => {
    const world = new ModelledWorld({ seed })
    await world.grow(20)
    await world.run(10_000)
    const [bootstrap, other] = world.alive as [Inhabitant, Inhabitant]
    for (let i = 0; i < 5; i++) await join(world.add(), [bootstrap, other])
    await world.run(world.random.below(400))
    world.kill([bootstrap])
    await expectOneRing(world, 60_000)
  })

  it('newcomers who know the dying bootstrap node alone are at least found by those it told of them', async () => {
    const world = new ModelledWorld({ seed })
    await world.grow(20)
    await world.run(10_000)
    const bootstrap = world.alive[0]!
    for (let i = 0; i < 5; i++) await join(world.add(), [bootstrap])
    await world.run(1500)
    world.kill([bootstrap])
    await expectOneRing(world, 60_000)
  })

  it('two newcomers who know only each other make a ring of two, and two such rings that meet make one', async () => {
    const world = new ModelledWorld({ seed })
    const [a, b, c, d] = Array.from({ length: 4 }, () => world.add()) as [
      Inhabitant,
      Inhabitant,
      Inhabitant,
      Inhabitant,
    ]
    await Promise.all([join(a, [b]), join(b, [a])])
    await Promise.all([join(c, [d]), join(d, [c])])
    await world.run(10_000)
    for (const [one, two] of [
      [a, b],
      [c, d],
    ] as const) {
      expect(one.node.leafSet.above).toEqual([two.identity.id])
      expect(two.node.status().stage).toBe('joined')
    }
    a.node.addPeers([targetOf(d)])
    await expectOneRing(world, 60_000)
  })

  it('a ring that was cut in two becomes one again when the cut has healed', async () => {
    let isCut = false
    const half = new Set<NodeId>()
    const isApart = (a: NodeId, b: NodeId): boolean => isCut && half.has(a) !== half.has(b)
    const world = new ModelledWorld({ seed, canLink: (a, b) => !isApart(a, b) })
    await world.grow(20)
    await world.run(20_000)
    for (const { identity } of world.sample(world.alive, 8)) half.add(identity.id)
    isCut = true
    for (const { links } of world.alive)
      for (const link of [...links.all()] as ModelledLink[])
        if (isApart(links.self.id, link.peer.id)) link.fall('silent')
    await world.run(300_000)
    expect(wrongLeafSets(world)).toHaveLength(20)
    isCut = false
    await expectOneRing(world, 1_200_000)
  })

  it('a node whose date jumps stays in the ring, and is found at its new address when the date is right again', async () => {
    const world = new ModelledWorld({ seed })
    await world.grow(20)
    await world.run(30_000)
    const wrong = world.alive[7]!
    for (const [skewMs, host] of [
      [10 * DAY_MS, '10.7.0.1'],
      [-400 * DAY_MS, '10.7.0.2'],
      [0, '10.7.0.3'],
    ] as const) {
      wrong.clock.skewMs = skewMs
      wrong.links.moveTo([{ host, port: 4000 }])
      await world.run(60_000)
    }
    const key = signedKey(crypto, wrong.identity.id, utf8('address'))
    const found = await world.finish(world.alive[15]!.node.get(key))
    expect(readPeerRecord(new Reader(found!.value), crypto).addresses).toEqual([
      { host: '10.7.0.3', port: 4000 },
    ])
    await expectOneRing(world, 30_000)
  })
})
