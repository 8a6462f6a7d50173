import { expect, it } from 'vitest'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { lookUp, wrongLeafSets } from './ring-checks.ts'

const SEED = 901
const JOINERS = 360
/** A leaf set of 16, a table of two rows and a bit, 192 to spare, and what has come since the last look, a minute ago. */
const BOUND = 310

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b)

it(`a bootstrap node with ${JOINERS} joiners lets go of most, and nobody calls it back (seed ${SEED})`, async () => {
  const world = new ModelledWorld({ seed: SEED })
  await world.grow(JOINERS + 1, 20)
  const links = (): number[] => world.alive.map(({ node }) => node.status().sessions.length)
  const most = links()[0]!
  expect(most).toBeGreaterThan(320)
  await world.run(180_000)
  expect(links()[0]).toBeLessThan(BOUND)

  await world.run(240_000)
  const partings = world.network.counts.get(MESSAGE.parting)!.messages
  const before = links()
  world.network.calls.clear()
  await world.run(300_000)
  const after = links()
  expect(Math.max(...after)).toBeLessThan(BOUND)
  // Nobody calls anybody back who has let go of the link.
  expect(Math.max(...world.network.calls.values())).toBeLessThanOrEqual(2)
  expect(world.network.counts.get(MESSAGE.parting)!.messages - partings).toBeLessThan(10 * JOINERS)
  expect(sum(after)).toBeLessThan(1.05 * sum(before))
  expect(wrongLeafSets(world)).toEqual([])
  expect((await lookUp(world, 50)).wrong).toBe(0)
}, 180_000)

it(`a link that one end has a use for stays (seed ${SEED + 1})`, async () => {
  const world = new ModelledWorld({ seed: SEED + 1 })
  await world.grow(60)
  await world.run(30_000)
  const pairs = world.alive.flatMap((one) => world.alive.map((other) => [one, other] as const))
  const isApart = ([one, other]: readonly [Inhabitant, Inhabitant]): boolean =>
    one !== other && !one.links.get(other.identity.id)
  const [alice, bob] = pairs.find(isApart)!
  let downs = 0
  alice.node.on({ contactDown: () => downs++ })
  alice.node.keepInTouch(bob.identity.id, bob.links.self)
  await world.run(1_800_000)
  expect(downs).toBe(0)
  expect(alice.links.get(bob.identity.id)?.isOpen).toBe(true)
}, 180_000)
