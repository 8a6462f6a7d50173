// Whatever loss, disorder, repetition and delay a seed draws: every stream's bytes arrive intact, in order, once.
// STREAM_SEEDS=10000 runs more of them, FIRST_SEED begins elsewhere.

import { describe, expect, it } from 'vitest'
import { checkSeed } from './stream-storm.ts'

const SEEDS = Number(process.env.STREAM_SEEDS ?? 100)
const FIRST = Number(process.env.FIRST_SEED ?? 1)

describe('streams, messages and datagrams', () => {
  it(
    `arrive as they were sent on the paths of ${SEEDS} seeds from ${FIRST}`,
    async () => {
      const failed: string[] = []
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
        await checkSeed(seed).catch((error: unknown) => failed.push(String(error)))
      expect(failed).toEqual([])
    },
    20_000 + SEEDS * 500,
  )
})
