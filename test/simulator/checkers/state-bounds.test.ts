import { expect, it } from 'vitest'
import { reach } from '../../../simulator/experiments/reach.ts'
import { StateBounds } from '../../../simulator/checkers/state-bounds.ts'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { defaultOptions } from '../../../simulator/options.ts'
import { UNICAST_DEFAULTS } from '../../../main/overlay/unicast/unicast.ts'

it('finds whoever keeps more next-hop records than the node’s own limit lets it', async () => {
  const small = { nodes: 30, settle: 20, nat: 0.9, punch: 0, crypto: 'modelled', replicas: 0 } as const
  const options = { ...defaultOptions(reach.name), ...small }
  const lab = new Lab(options, undefined, { unicast: { ...UNICAST_DEFAULTS, records: 2 } })
  await lab.grow()
  const records = lab.world.alive.map(({ node }) => node.unicastRecords)
  expect(Math.max(...records)).toBe(2)
  expect(lab.checkers.figures).toMatchObject({ boundViolations: 0 })
  const stricter = new StateBounds(1)
  stricter.look(lab.world.alive)
  // It keeps the words of the first twenty.
  const tooMany = records.filter((count) => count > 1).length
  expect(stricter.findings.violations.length).toBe(Math.min(tooMany, 20))
  expect(stricter.findings.violations[0]).toMatch(/has 2 next-hop records/)
})
