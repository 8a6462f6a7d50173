import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentMap } from '../../../main/overlay/base/recent-map.ts'
import { HandClock } from './hand-clock.ts'

const SEED = 1202
const LIFE_MS = 1000

describe('a recent map', () => {
  it('keeps what was set for its life, and for no more than twice that, whenever it is asked', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.nat(900)), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (all) => {
        const clock = new HandClock()
        const map = new RecentMap<number, number>(clock, { lifeMs: LIFE_MS, limit: 1000 })
        const setMs = new Map<number, number>()
        for (const [isSet, key, passMs] of all) {
          clock.ms += passMs
          const ageMs = clock.ms - (setMs.get(key) ?? -Infinity)
          const found = map.get(key)
          if (ageMs < LIFE_MS) expect(found).toBe(setMs.get(key))
          if (ageMs > 2 * LIFE_MS) expect(found).toBeUndefined()
          if (!isSet) continue
          map.set(key, clock.ms)
          setMs.set(key, clock.ms)
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('never holds more than its limit, and lets the oldest go first', () => {
    const map = new RecentMap<number, string>(new HandClock(), { lifeMs: LIFE_MS, limit: 10 })
    for (let i = 0; i < 100; i++) {
      map.set(i, `value ${i}`)
      expect(map.size).toBeLessThanOrEqual(10)
      for (let recent = Math.max(0, i - 4); recent <= i; recent++)
        expect(map.get(recent)).toBe(`value ${recent}`)
    }
    expect(map.get(80)).toBeUndefined()
  })

  it('tells once of each value that it forgets, and of none that was deleted', () => {
    const clock = new HandClock()
    const forgotten: string[] = []
    const onForgotten = (value: string): void => void forgotten.push(value)
    const map = new RecentMap<number, string>(clock, { lifeMs: LIFE_MS, limit: 1000, onForgotten })
    map.set(1, 'one')
    map.set(2, 'two')
    map.delete(2)
    clock.ms = 1.5 * LIFE_MS
    expect(map.get(1)).toBe('one')
    expect(forgotten).toEqual([])
    clock.ms = 5 * LIFE_MS
    expect([map.get(1), map.size]).toEqual([undefined, 0])
    expect(forgotten).toEqual(['one'])
  })
})
