// A program that is quit takes leave of those that count on it, also of ring neighbours that no link leads to: what is near
// its id on the ring would find nobody at home until they ask for it.

import { expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant } from '../../../simulator/links/modelled-world.ts'
import { walledWorld } from '../unicast/walled-world.ts'
import { wrongLeafSets } from './ring-checks.ts'

const SEED = 1911
const NODES = 48
const LEAVE = 6
/** A moment; nodes look for unlinked members that nobody has told them of after minutes. */
const NOTICED_WITHIN_MS = 1_500
/** Members that no link leads to compare leaf sets that seldom. */
const REPAIRED_WITHIN_MS = 120_000

it(`nobody counts on those that have left (seed ${SEED})`, async () => {
  const { world, behind } = walledWorld({ seed: SEED })
  await world.grow(NODES)
  await world.run(60_000)
  const holders = ({ identity: { id } }: Inhabitant): Inhabitant[] =>
    world.alive.filter(({ node }) => [...node.leafSet.above, ...node.leafSet.below].includes(id))

  for (const leaver of world.sample(behind(), LEAVE)) {
    const unlinked = holders(leaver).filter(({ links }) => !links.get(leaver.identity.id))
    expect(unlinked.length).toBeGreaterThan(0)
    await world.leave(leaver)
    await world.run(NOTICED_WITHIN_MS)
    expect(holders(leaver).map(({ number }) => number)).toEqual([])
    const seeker = world.pick(world.alive)
    const options = { timeoutMs: 2_000, isOnce: true }
    await world.finish(seeker.node.routes.request(leaver.identity.id, APPLICATION.ping, EMPTY, options))
  }
  await world.run(REPAIRED_WITHIN_MS)
  expect(wrongLeafSets(world)).toEqual([])
  expect(world.errors).toEqual([])
}, 60_000)
