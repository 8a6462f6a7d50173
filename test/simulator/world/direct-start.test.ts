import { expect, it } from 'vitest'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { reach } from '../../../simulator/experiments/reach.ts'
import { defaultOptions } from '../../../simulator/options.ts'
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
  expect(lab.parameters.join()).toContain('built directly')
  const { figures } = await reach.run(lab)
  const { alive } = lab.world
  expect(alive.map(({ node }) => node.status().stage)).toEqual(Array(100).fill('joined'))
  expect(new RingView(alive).rings(alive)).toBe(1)
  expect(figures).toMatchObject({ delivered: 1, loops: 0, overlayErrors: 0 })
}, 60_000)
