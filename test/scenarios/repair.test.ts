// The story of twenty-nodes.test.ts on virtual time, so that it can be told with many seeds.

import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, compareDistance } from '../../main/overlay/base/id.ts'
import { REPLICAS_PER_ROOT } from '../../main/overlay/dht/placement.ts'
import { rootKeys } from '../../main/overlay/dht/replica-store.ts'
import { recordKey } from '../../main/overlay/wire/dht-record.ts'
import { type Inhabitant, ModelledWorld } from '../../simulator/links/modelled-world.ts'

const SEEDS = Array.from({ length: 6 }, (_, i) => i + 1)
const RECORDS = 100
const KILLED = 6
const DAY_MS = 86_400_000
/** 9 s until the neighbour looks, 3 s of silence, twice where deaths lie in a row, and a moment to hand over. */
const REPAIR_LIMIT_MS = 20_000

it.each(SEEDS.flatMap((seed) => [[seed, 'anywhere'] as const, [seed, 'in a row'] as const]))(
  'seed %i: no record is lost when six of twenty die %s, and six more after the repair',
  async (seed, where) => {
    const world = new ModelledWorld({ seed })
    await world.grow(20)
    await world.run(15_000)
    const keys = await putAll(world)
    for (let round = 0; round < 2; round++) {
      world.kill(where === 'in a row' ? row(world) : world.sample(world.alive, KILLED))
      expect(keys.filter((key) => !world.alive.some(({ node }) => node.holds(key)))).toEqual([])
      const killedMs = world.queue.nowMs
      while (lacking(world, keys) > 0 && world.queue.nowMs < killedMs + REPAIR_LIMIT_MS) await world.run(500)
      expect(lacking(world, keys)).toBe(0)
    }
  },
  60_000,
)

it('a record whose holders at one root all die at once is back there within the hour', async () => {
  const world = new ModelledWorld({ seed: 7 })
  await world.grow(60)
  await world.run(15_000)
  const keys = await putAll(world)
  const isApart = (key: Id): boolean => {
    const [first, second] = rootKeys({ crypto }, key)
    const around = new Set(nearest(world, second!, 4 * REPLICAS_PER_ROOT).map(({ identity }) => identity.id))
    const seen = nearest(world, first!).flatMap(({ identity, node }) => [
      identity.id,
      ...node.leafSet.above,
      ...node.leafSet.below,
    ])
    return !seen.some((id) => around.has(id))
  }
  const key = keys.find(isApart)! // whoever keeps it at one root knows nobody around the other
  const second = rootKeys({ crypto }, key)[1]!
  world.kill(nearest(world, second))
  await world.run(60_000)
  expect(nearest(world, second).some(({ node }) => node.holds(key))).toBe(false)
  await world.run(3_600_000)
  expect(nearest(world, second).every(({ node }) => node.holds(key))).toBe(true)
}, 60_000)

function nearest(world: ModelledWorld, root: Id, count = REPLICAS_PER_ROOT): Inhabitant[] {
  return [...world.alive].sort((a, b) => compareDistance(root, a.identity.id, b.identity.id)).slice(0, count)
}

async function putAll(world: ModelledWorld): Promise<Id[]> {
  const records = Array.from({ length: RECORDS }, (_, n) => ({
    kind: 'immutable' as const,
    value: utf8(`record ${n}`),
    expiresAtMs: world.clock.wallMs() + DAY_MS,
  }))
  const puts = records.map((record, n) => world.alive[n % world.alive.length]!.node.put(record))
  // Eight different nodes, also where the two neighbourhoods of a record overlap.
  expect(Math.min(...(await world.finish(Promise.all(puts))))).toBeGreaterThanOrEqual(2 * REPLICAS_PER_ROOT)
  return records.map((record) => recordKey(crypto, record))
}

/** Ring neighbours of each other. */
function row(world: ModelledWorld): Inhabitant[] {
  const ring = [...world.alive].sort((a, b) => (a.identity.id < b.identity.id ? -1 : 1))
  const at = world.random.below(ring.length)
  return [...ring, ...ring].slice(at, at + KILLED)
}

/** Replicas missing on the nodes that are closest of all that live. */
function lacking(world: ModelledWorld, keys: readonly Id[]): number {
  const missing = (root: Id, key: Id): number =>
    nearest(world, root).filter(({ node }) => !node.holds(key)).length
  return keys
    .flatMap((key) => rootKeys({ crypto }, key).map((root) => missing(root, key)))
    .reduce((a, b) => a + b)
}
