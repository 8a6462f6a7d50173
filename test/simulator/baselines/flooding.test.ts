import { expect, it } from 'vitest'
import { Flooding } from '../../../simulator/baselines/flooding.ts'
import { randomLinks } from '../../../simulator/baselines/link-choice.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { deliveredShare, groundOf, meanHops, measure, SEED, shortestHops } from './small-network.ts'

it('flooding reaches everybody, and on a grid of equal links by the shortest way', async () => {
  const { carrier, wishes, pairs } = groundOf({ nodes: 144, isRadio: true, loss: 0 }, 100)
  const links = randomLinks({ ...wishes, random: new SeededRandom(SEED) })
  const measured = await measure(new Flooding(carrier, wishes), pairs)
  expect(deliveredShare(measured)).toBe(1)
  const shortest = shortestHops(links, pairs).reduce((total, each) => total + each, 0) / pairs.length
  expect(meanHops(measured)).toBeGreaterThanOrEqual(shortest)
  expect(meanHops(measured)).toBeLessThan(1.1 * shortest)
})

it('costs a message over each link in each direction but where it came from, with its acknowledgement', async () => {
  const { carrier, wishes, pairs } = groundOf({ nodes: 200, loss: 0 }, 30)
  const links = randomLinks({ ...wishes, random: new SeededRandom(SEED) })
  const measured = await measure(new Flooding(carrier, wishes), pairs)
  expect(deliveredShare(measured)).toBe(1)
  const ends = links.reduce((total, peers) => total + peers.length, 0)
  const passed = pairs.map(([, to]) => ends - (200 - 2) - links[to]!.length)
  const perSend = passed.reduce((total, each) => total + each, 0) / pairs.length
  expect(measured.packetsPerSend).toBeCloseTo(2 * (perSend + meanHops(measured)), 6)
})
