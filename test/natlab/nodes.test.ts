// Real processes of the node in the lab: a few pairs of kinds, of which `npm run test:nat` measures all, held against what
// must work whatever the routers are (a message gets there and an answer back) and against the paths that need no art; and
// a few conversations that something happens to, of which `npm run test:nat -- --scenarios` has all;
// a chain of computers, of which `npm run test:reach` measures a whole mesh. In one file, because one of them has to build
// the node.

import { beforeAll, describe, expect, it } from 'vitest'
import { buildNatlab } from '../../scripts/natlab.mjs'
import { inLab } from './lab.ts'
import { Mesh } from './mesh.ts'
import { isDirect } from './path-kind.ts'
import { type PairResult, PairsLab } from './pairs.ts'
import { passedOver } from './passed-over.ts'
import { runScenario } from './scenario.ts'
import { BRIEF_SCENARIOS } from './scenarios.ts'
import { whyNoLab } from './why-no-lab.ts'

const whyNot = whyNoLab()
passedOver('real nodes in the laboratory', whyNot)

const PAIRS = [
  { from: 'public', to: 'public' },
  { from: 'port-restricted', to: 'public' },
  { from: 'public', to: 'symmetric-random' },
  { from: 'symmetric-random', to: 'port-restricted' },
] as const
const LIMIT_MS = 60_000
/** Some 8 s each on a computer that has nothing else to do. */
const SCENARIO_LIMIT_MS = 120_000
/** Twice the longest goal: whether that is reached, too, is what the command tells, with the load of the computer. */
const GOES_ON_WITHIN_MS = 10_000

beforeAll(async () => void (whyNot ?? (await buildNatlab())), LIMIT_MS)

describe.runIf(!whyNot)('pairs of nodes behind NATs', () => {
  const results: PairResult[] = []

  beforeAll(async () => {
    await inLab(async (lab) => {
      const pairsLab = await PairsLab.build(lab, ['public', 'port-restricted', 'symmetric-random'])
      await pairsLab.measure(PAIRS, (result) => results.push(result))
    })
  }, LIMIT_MS)

  const resultOf = ({ from, to }: { from: string; to: string }): PairResult =>
    results.find((each) => each.from === from && each.to === to)!

  it.each(PAIRS)('$from writes to $to and is answered', (pair) => {
    expect(resultOf(pair).firstMessageMs).not.toBeNull()
    expect(resultOf(pair).isAnswered).toBe(true)
  })

  it.each(PAIRS.slice(0, 3))('$from and $to have a session of their own', (pair) => {
    expect(isDirect(resultOf(pair).how)).toBe(true)
  })
})

describe.runIf(!whyNot)('a conversation goes on, and nothing is lost', () => {
  it.each(BRIEF_SCENARIOS)(
    '$name',
    async (scenario) => {
      const { failure, measured, lost } = await runScenario(scenario)
      expect(failure).toBeUndefined()
      expect(lost).toBe(0)
      for (const { what, tookMs, goalMs } of measured)
        if (goalMs !== undefined) expect(tookMs ?? Infinity, what).toBeLessThan(GOES_ON_WITHIN_MS)
    },
    SCENARIO_LIMIT_MS,
  )
})

describe.runIf(!whyNot)('computers joined by cables alone', () => {
  it(
    'talk to each other through those in between, and go on when one of these hangs',
    () =>
      inLab(async (lab) => {
        const edges = [
          [0, 1],
          [1, 2],
          [2, 3],
          [3, 4],
          [4, 1],
        ] as const
        const mesh = await Mesh.build(lab, { nodes: 5, edges })
        const [first, , middle, last] = mesh.nodes
        await Promise.all(mesh.nodes.map((node) => node.start()))
        expect(await first!.say(last!, LIMIT_MS)).toBeDefined()
        expect(await first!.countHops(last!)).toBeGreaterThanOrEqual(3) // there is no shorter way
        middle!.freeze()
        expect(await last!.say(first!, LIMIT_MS)).toBeDefined()
      }),
    LIMIT_MS,
  )
})
