import { describe, expect, it } from 'vitest'
import { type Id, idFromBytes, type NodeId } from '../../../main/overlay/base/id.ts'
import { type RouteOptions } from '../../../main/overlay/ports/routes.ts'
import { MAX_HOPS } from '../../../main/overlay/wire/routed-message.ts'
import { type Crossing, GraphWorld } from './graph-world.ts'

const SEED = 1400
const GRAPHS = 20
type Five = [NodeId, NodeId, NodeId, NodeId, NodeId]
const MESSAGES = 30

/** 10 to 60 nodes, from a bare tree to nine links each. */
async function graph(number: number): Promise<GraphWorld> {
  const world = new GraphWorld(SEED + number, 10 + ((7 * number) % 51))
  world.linkAtRandom([0, 0.5, 1, 2, 4][number % 5]!)
  for (let round = 0; round < 2; round++) await world.layRecords(3)
  return world
}

function anyOf<T>(world: GraphWorld, from: readonly T[]): T {
  return from[world.random.below(from.length)]!
}

/** Every tenth link of those that are not the last of a node. */
function failSome(world: GraphWorld, fail: (a: NodeId, b: NodeId) => void): void {
  for (let i = 0; i < world.ids.length / 5; i++) {
    const a = anyOf(world, world.ids)
    const b = anyOf(world, world.linksOf(a))
    if (world.linksOf(a).length > 1 && world.linksOf(b).length > 1) fail(a, b)
  }
}

/** Half of them to nodes, half to keys; how many were delivered at the root, and how many elsewhere. */
async function askAround(world: GraphWorld): Promise<{ right: number; wrong: number }> {
  const count = { right: 0, wrong: 0 }
  for (let i = 0; i < MESSAGES; i++) {
    const isExact = i % 2 === 0
    const key = isExact ? anyOf(world, world.ids) : idFromBytes(world.random.bytes(32))
    const end = await world.ask(anyOf(world, world.ids), key, { isExact })
    if (end === world.ring.root(key)) count.right++
    else if (end !== 'unreachable' && end !== 'timeout') count.wrong++
  }
  return count
}

/** Links that a message crossed twice in one direction with nothing changed between: it would do so for ever. */
function circles(walk: readonly Crossing[]): number {
  return walk.length - new Set(walk.map(({ from, to, state }) => from + to + state)).size
}

function expectNoLoop(world: GraphWorld, number: number): void {
  for (const walk of world.walks()) {
    expect({ graph: number, circles: circles(walk) }).toEqual({ graph: number, circles: 0 })
    expect(walk.length).toBeLessThanOrEqual(MAX_HOPS)
  }
}

describe(`on ${GRAPHS} random graphs (seeds from ${SEED})`, () => {
  it('no message goes in a circle, and none is delivered where its root is not', async () => {
    let right = 0
    for (let number = 0; number < GRAPHS; number++) {
      const world = await graph(number)
      const count = await askAround(world)
      right += count.right
      expect(count.wrong).toBe(0)
      expectNoLoop(world, number)
    }
    expect(right / (GRAPHS * MESSAGES)).toBeGreaterThan(0.9)
  }, 30_000)

  it('nor where links went down after the records were laid', async () => {
    for (let number = 0; number < GRAPHS; number++) {
      const world = await graph(number)
      failSome(world, (a, b) => world.unlink(a, b))
      expect((await askAround(world)).wrong).toBe(0)
      expectNoLoop(world, number)
    }
  }, 30_000)

  it('nor where links swallow messages without a sign', async () => {
    for (let number = 0; number < GRAPHS; number++) {
      const world = await graph(number)
      failSome(world, (a, b) => world.silence(a, b))
      await askAround(world)
      expectNoLoop(world, number)
    }
  }, 30_000)
})

/** Radios on a square, each with a link to the four around it; ids say nothing of places. */
function grid(side: number): GraphWorld {
  const world = new GraphWorld(SEED, side * side)
  const places = [...world.ids].sort(() => world.random.unit() - 0.5)
  for (const [i, id] of places.entries()) {
    if (i % side > 0) world.link(id, places[i - 1]!)
    if (i >= side) world.link(id, places[i - side]!)
  }
  return world
}

it('on a grid, where steps by id alone get stuck, records lead there, and to everybody with detours and a second attempt', async () => {
  const world = grid(8)
  const pairs = Array.from({ length: 150 }, () => [anyOf(world, world.ids), anyOf(world, world.ids)] as const)
  const delivered = async (options: Partial<RouteOptions>): Promise<number> => {
    let right = 0
    for (const [from, to] of pairs)
      if ((await world.ask(from, to, { isExact: true, ...options })) === to) right++
    return right / pairs.length
  }
  expect(await delivered({ detours: 0 })).toBeLessThan(0.4)
  await world.layRecords(3)
  expect(await delivered({ isOnce: false })).toBeGreaterThan(0.99)
  for (let round = 0; round < 3; round++) await world.layRecords(3)
  expect(await delivered({ detours: 0 })).toBeGreaterThan(0.9)
}, 30_000)

describe('a root that no link leads to', () => {
  /** The root of the key hangs on the far end of a line of three that are no neighbours of it on the ring. */
  async function line(): Promise<{ world: GraphWorld; key: Id; asker: NodeId; root: NodeId; way: NodeId[] }> {
    const world = new GraphWorld(SEED + 1, 40)
    const [root, asker] = [world.ids[20]!, world.ids[22]!]
    const way = [world.ids[2]!, world.ids[5]!, world.ids[8]!]
    const line = [asker, ...way, root]
    for (let i = 1; i < line.length; i++) world.link(line[i - 1]!, line[i]!)
    for (const id of world.ids) if (!line.includes(id)) world.link(asker, id)
    const key = `${root.slice(0, 60)}0000` as Id
    return { world, key, asker, root, way }
  }

  it('is reached along a record, and nobody else delivers in its place', async () => {
    const { world, key, asker, root, way } = await line()
    expect(await world.ask(asker, key, { detours: 0 })).toBe('unreachable')
    const back = [asker, ...way]
    for (const [i, id] of back.entries())
      world.recordsOf(id).add(root, { link: [...back, root][i + 1]!, sequence: 1, hops: back.length - i })
    expect(await world.ask(asker, key, { detours: 0 })).toBe(root)
    expect(
      world
        .walks()
        .at(-1)!
        .map(({ to }) => to),
    ).toEqual([...way, root])
  })

  it('is told unreachable where the record ends on the way, rather than delivered there', async () => {
    const { world, key, asker, root, way } = await line()
    world.recordsOf(asker).add(root, { link: way[0]!, sequence: 1, hops: 4 })
    world.unlink(way[0]!, way[1]!)
    expect(await world.ask(asker, key, { detours: 0 })).toBe('unreachable')
  })
})

describe('a path that is lost', () => {
  /** Two ways of three links from here to there, side by side. */
  function fork(): { world: GraphWorld; from: NodeId; to: NodeId; upper: NodeId[]; lower: NodeId[] } {
    const world = new GraphWorld(SEED + 2, 40)
    const [from, to] = [world.ids[0]!, world.ids[20]!]
    const [upper, lower] = [
      [world.ids[35]!, world.ids[36]!],
      [world.ids[37]!, world.ids[38]!],
    ]
    for (const way of [upper, lower]) {
      const line = [from, ...way, to]
      for (let i = 1; i < line.length; i++) {
        world.link(line[i - 1]!, line[i]!)
        world.recordsOf(line[i - 1]!).add(to, { link: line[i]!, sequence: 1, hops: 4 - i })
      }
    }
    world.recordsOf(from).add(to, { link: upper[0]!, sequence: 2, hops: 3 })
    return { world, from, to, upper, lower }
  }

  it('for false answers is not taken the next time', async () => {
    const { world, from, to, upper, lower } = fork()
    const firstHop = (): NodeId => world.recordsOf(from).step(to, Infinity, () => true)!.link
    const ask = (isBelieved: boolean): Promise<Id | string> =>
      world.ask(from, to, { isExact: true, accepts: () => isBelieved })
    expect(await ask(true)).toBe(to)
    expect(firstHop()).toBe(upper[0])
    expect(await ask(false)).toBe('unreachable')
    expect(firstHop()).toBe(lower[0])
  })

  it('at its first link is gone round at once', async () => {
    const { world, from, to, upper, lower } = fork()
    world.silence(from, upper[0]!)
    expect(await world.ask(from, to, { isExact: true, detours: 0 })).toBe(to)
    expect(world.crossings.map((each) => each.to)).toEqual([...lower, to])
  })

  it('farther on costs one attempt: the second takes another first link', async () => {
    const { world, from, to, upper, lower } = fork()
    world.unlink(upper[0]!, upper[1]!)
    expect(await world.ask(from, to, { isExact: true, detours: 0 })).toBe('unreachable')
    expect(await world.ask(from, to, { isExact: true, detours: 0 })).toBe(to)
    world.recordsOf(from).worked(to, upper[0]!)
    world.crossings.length = 0
    expect(await world.ask(from, to, { isExact: true, detours: 0, isOnce: false })).toBe(to)
    expect(world.walks().map((walk) => walk.map((each) => each.to))).toEqual([[upper[0]], [...lower, to]])
  })

  it('found by id is not tried again by the second attempt', async () => {
    const world = new GraphWorld(SEED + 2, 40)
    const nearestFirst = world.ring.closest(world.ids[20]!, 40)
    const [to, second, deadEnd, first, from] = [0, 3, 6, 10, 39].map((i) => nearestFirst[i]!) as Five
    for (const [a, b] of [
      [from, deadEnd],
      [from, first],
      [first, second],
      [second, to],
    ] as const)
      world.link(a, b)
    const ask = (isOnce: boolean): Promise<Id | string> =>
      world.ask(from, to, { isExact: true, detours: 0, isOnce })
    expect(await ask(true)).toBe('unreachable')
    expect(await ask(false)).toBe(to)
    expect(world.crossings.map((each) => each.to)).toEqual([deadEnd, deadEnd, first, second, to])
  })
})
