import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Id,
  clockwise,
  compareDistance,
  digitAt,
  idFromBytes,
  idToBytes,
  ringDistance,
  sharedPrefixLength,
} from '../../../main/overlay/base/id.ts'

const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))
const short = (digits: string): Id => digits.padEnd(64, '0') as Id

/** So many steps of 2^(256 - 4 x digit) along the ring. */
function moved(id: Id, steps: number, digit: number): Id {
  const at =
    (BigInt('0x' + id) + BigInt(steps) * (1n << BigInt(4 * Math.max(0, 63 - digit)))) & ((1n << 256n) - 1n)
  return at.toString(16).padStart(64, '0') as Id
}

describe('ids on the ring', () => {
  it('survive the wire', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(idFromBytes(idToBytes(id))).toBe(id)
      }),
    )
  })

  it('are at the same distance seen from either end, never more than half the ring', () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(ringDistance(a, b)).toBe(ringDistance(b, a))
        expect(ringDistance(a, b) <= 1n << 255n).toBe(true)
        if (a !== b) expect(clockwise(a, b) + clockwise(b, a)).toBe(1n << 256n)
      }),
    )
  })

  it('are ordered by distance the same way on every node', () => {
    fc.assert(
      fc.property(anyId, anyId, anyId, (key, a, b) => {
        expect(Math.sign(compareDistance(key, a, b))).toBe(-Math.sign(compareDistance(key, b, a)))
      }),
    )
    expect(compareDistance(short('8'), short('7'), short('9'))).toBe(-1) // a tie goes to the smaller id
  })

  it('are compared as the naive way does, also where only their last bits tell them apart', () => {
    const shift = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(63))
    const trio = fc.oneof(
      fc.tuple(anyId, anyId, anyId),
      fc.tuple(anyId, shift, shift).map(([key, a, b]) => [key, moved(key, ...a), moved(key, ...b)] as const),
    )
    fc.assert(
      fc.property(trio, ([key, a, b]) => {
        const naive = ringDistance(key, a) - ringDistance(key, b)
        const expected = naive === 0n ? (a === b ? 0 : a < b ? -1 : 1) : naive < 0n ? -1 : 1
        expect(Math.sign(compareDistance(key, a, b))).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('have Pastry digits', () => {
    expect([0, 1, 2].map((position) => digitAt(short('0af'), position))).toEqual([0, 10, 15])
    expect(sharedPrefixLength(short('abc'), short('abd'))).toBe(2)
    expect(sharedPrefixLength(short('abc'), short('abc'))).toBe(64)
  })

  it('wrap around zero', () => {
    const last = 'f'.repeat(64) as Id
    expect(clockwise(last, short('0'))).toBe(1n)
    expect(ringDistance(short('0'), last)).toBe(1n)
  })
})
