// How much of a line the transport uses, and how it shares one: bulk transfers through the packet-level simulator, over an
// access line of a given rate with a drop-tail buffer of one bandwidth-delay product.

import { afterAll, describe, expect, it } from 'vitest'
import { type CongestionLaw } from '../../../main/overlay/transport/congestion/laws.ts'
import { Bench, type Line, percent } from './bench.ts'

interface Row extends Line {
  laws: CongestionLaw[]
  /** Of the line's rate. */
  goal: number
  /** Measured from the first byte on. */
  seconds: number
}

const ROWS: Row[] = [
  { megabits: 10, rttMs: 20, lossRate: 0, laws: ['cubic', 'bbr'], goal: 0.9, seconds: 8 },
  { megabits: 100, rttMs: 50, lossRate: 0.001, laws: ['bbr'], goal: 0.85, seconds: 6 },
  { megabits: 20, rttMs: 200, lossRate: 0.02, laws: ['bbr'], goal: 0.5, seconds: 15 },
  { megabits: 1_000, rttMs: 1, lossRate: 0, laws: ['cubic', 'bbr'], goal: 0.9, seconds: 0.5 },
]
describe('a bulk transfer', () => {
  const table: string[] = []
  afterAll(() => console.log(table.join('\n')))

  for (const row of ROWS)
    for (const law of row.laws) {
      const { megabits, rttMs, lossRate, goal, seconds } = row
      const name = `${megabits} Mbit/s, ${rttMs} ms, ${lossRate * 100} % loss`
      it(`uses ${goal * 100} % of ${name} with ${law}`, async () => {
        const bench = new Bench(row)
        const flow = await bench.flow(law)
        await bench.world.run(seconds * 1000)
        const share = flow.rate / bench.rate
        table.push(`${name.padEnd(32)} ${law.padEnd(6)} ${percent(share)} (goal ${percent(goal)})`)
        expect(share).toBeGreaterThanOrEqual(goal)
      })
    }
})

describe('two transfers over one line', () => {
  const line = { megabits: 10, rttMs: 20, lossRate: 0 }

  for (const law of ['cubic', 'bbr'] as const)
    it(`share it within 60:40, both with ${law}`, async () => {
      const bench = new Bench(line)
      const first = await bench.flow(law)
      await bench.world.run(2_000) // the second finds the line full
      const second = await bench.flow(law)
      await bench.world.run(5_000)
      first.restart()
      second.restart()
      await bench.world.run(20_000)
      const total = first.rate + second.rate
      console.log(law, percent(first.rate / total), percent(second.rate / total), percent(total / bench.rate))
      expect(Math.max(first.rate, second.rate) / total).toBeLessThanOrEqual(0.6)
      expect(total / bench.rate).toBeGreaterThanOrEqual(0.9)
    })
})
