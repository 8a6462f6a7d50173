import { expect, it } from 'vitest'
import { Lab, parametersOf } from '../../../simulator/experiments/lab.ts'
import { reach } from '../../../simulator/experiments/reach.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'
import { RingView } from '../../../simulator/world/ring-view.ts'

it('a network that is built rather than grown is one ring in which messages arrive', async () => {
  const changes = {
    start: 'direct',
    nodes: 100,
    settle: 60,
    sends: 200,
    replicas: 0,
    nat: 0.5,
    seed: 21,
  } as const
  const lab = new Lab({ ...defaultOptions('reach'), ...changes })
  expect(parametersOf(lab.options).join()).toContain('built directly')
  const { figures } = await reach.run(lab)
  const { alive } = lab.world
  expect(alive.map(({ node }) => node.status().stage)).toEqual(Array(100).fill('joined'))
  expect(new RingView(alive).rings(alive)).toBe(1)
  expect(figures).toMatchObject({ delivered: 1, loops: 0, overlayErrors: 0 })
}, 60_000)

it('every node knows its neighbours from the start, those that no link leads to as well, and calls none of them', async () => {
  const changes = { start: 'direct', nodes: 150, settle: 0, replicas: 0, seed: 22 } as const
  const { world } = await grown(changes)
  expect(new RingView(world.alive).wrongLeafSets(world.alive)).toBe(0)
  const unlinked = world.alive.flatMap(({ node, links }) =>
    [...node.leafSet.above, ...node.leafSet.below].filter((id) => !links.get(id)),
  )
  expect(unlinked.length).toBeGreaterThan(300)
  expect(world.network.failedDials).toBeLessThan(unlinked.length / 2)
}, 60_000)

async function grown(changes: Partial<SimOptions>): Promise<Lab> {
  const lab = new Lab({ ...defaultOptions('reach'), ...changes })
  await lab.grow()
  return lab
}
