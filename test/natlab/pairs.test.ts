// A few pairs by real processes of the node; `npm run test:nat` measures them all. Held against what must work whatever the
// routers are: a message gets there and an answer back; and against the paths that need no art.

import { beforeAll, describe, expect, it } from 'vitest'
import { buildNatlab } from '../../scripts/natlab.mjs'
import { inLab } from './lab.ts'
import { type PairResult, PairsLab } from './pairs.ts'
import { passedOver } from './passed-over.ts'
import { whyNoLab } from './why-no-lab.ts'

const whyNot = whyNoLab()
passedOver('pairs of nodes behind NATs', whyNot)

const PAIRS = [
  { from: 'public', to: 'public' },
  { from: 'port-restricted', to: 'public' },
  { from: 'public', to: 'symmetric-random' },
  { from: 'symmetric-random', to: 'port-restricted' },
] as const
const LIMIT_MS = 60_000

describe.runIf(!whyNot)('pairs of nodes behind NATs', () => {
  const results: PairResult[] = []

  beforeAll(async () => {
    await buildNatlab()
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
    expect(resultOf(pair).how).toBe('direct')
  })
})
