import { describe, expect, it } from 'vitest'
import { MemoryCurve, fittedGrowth } from './memory-curve.ts'

const curve = (...bytes: number[]) => bytes.map((each, at) => ({ at, bytes: each }))

describe('the growth of a curve', () => {
  it.each([
    [curve(100, 100, 100), 0],
    [curve(100, 150, 200), 100],
    [curve(100, 104, 96, 100), -2.4],
    [curve(200, 150, 100), -100],
  ])('of %j is %d', (points, growth) => expect(fittedGrowth(points)).toBeCloseTo(growth, 6))
})

describe('a memory curve', () => {
  it('takes what is kept for growth', () => {
    globalThis.gc = (() => {}) as never
    const memory = new MemoryCurve(4_000_000)
    const kept: Uint8Array[] = []
    for (let at = 0; at < 20; at++) {
      kept.push(new Uint8Array(1_000_000))
      memory.take(at)
    }
    expect(() => memory.assertFlat()).toThrow('grown by')
    expect(kept.length).toBe(20)
  })

  it('does not pass where there is too little to look at', () => {
    globalThis.gc = (() => {}) as never
    const memory = new MemoryCurve(Infinity)
    for (let at = 0; at < 5; at++) memory.take(at)
    expect(() => memory.assertFlat()).toThrow('4 samples')
    memory.take(5)
    expect(memory.assertFlat()).toContain('grown by')
  })
})
