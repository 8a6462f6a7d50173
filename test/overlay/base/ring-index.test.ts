import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareDistance,
  type Id,
  idFromBytes,
  idToBytes,
  roughlyApart,
  sharedPrefixLength,
} from '../../../main/overlay/base/id.ts'
import { comesBefore, RingIndex } from '../../../main/overlay/base/ring-index.ts'

const SEED = 1201
const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))
/** Ids that differ in the last byte only, where a distance of rough numbers would say nothing. */
const closeId = fc.nat(255).map((last) => ('7f'.repeat(31) + last.toString(16).padStart(2, '0')) as Id)
const someId = fc.oneof(anyId, closeId)
const someIds = fc.uniqueArray(someId, { maxLength: 40 })

function indexOf(ids: readonly Id[]): RingIndex {
  const index = new RingIndex()
  for (const id of ids) index.add(id)
  return index
}

/** Steps round the ring one id at a time, as a person would. */
function naiveBeside(ids: readonly Id[], id: Id, n: number): Id {
  const others = [...ids].filter((each) => each !== id)
  const up = [...others.filter((each) => each > id).sort(), ...others.filter((each) => each < id).sort()]
  const order = n < 0 ? up.reverse() : up
  return n === 0 || order.length === 0 ? id : order[Math.min(Math.abs(n), order.length) - 1]!
}

describe('a ring index', () => {
  it('holds each id once, in ring order, whatever the order of adding and removing', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), closeId), { maxLength: 120 })
    fc.assert(
      fc.property(steps, (all) => {
        const index = new RingIndex()
        const twin = new Set<Id>()
        for (const [isAdded, id] of all) {
          if (isAdded) index.add(id)
          else index.remove(id)
          if (isAdded) twin.add(id)
          else twin.delete(id)
          expect(index.has(id)).toBe(isAdded)
        }
        expect(index.ids).toEqual([...twin].sort())
        expect(index.size).toBe(twin.size)
      }),
      { seed: SEED },
    )
  })

  it('finds the closest of those that are wanted, as a look at all of them does', () => {
    fc.assert(
      fc.property(someIds, someId, fc.nat(3), (ids, key, unwanted) => {
        const isWanted = (id: Id): boolean => idToBytes(id)[31]! % 4 !== unwanted
        const [first] = ids.filter(isWanted).sort((a, b) => compareDistance(key, a, b))
        expect(indexOf(ids).closest(key, isWanted)).toBe(first)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('finds the most alike of those that are wanted, the closest of several', () => {
    fc.assert(
      fc.property(someIds, someId, fc.nat(3), (ids, key, unwanted) => {
        const isWanted = (id: Id): boolean => idToBytes(id)[31]! % 4 !== unwanted
        const alike = (id: Id): number => sharedPrefixLength(key, id)
        const [first] = ids.filter(isWanted).sort((a, b) => alike(b) - alike(a) || compareDistance(key, a, b))
        expect(indexOf(ids).alike(key, -1, isWanted)).toBe(first)
        const [closest] = ids.filter(isWanted).sort((a, b) => compareDistance(key, a, b))
        const near = closest === undefined ? 0 : roughlyApart(key, closest)
        expect(indexOf(ids).alike(key, near, isWanted)).toBe(closest)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('steps up and down round the ring, and stays at the last there is', () => {
    fc.assert(
      fc.property(someIds, someId, fc.integer({ min: -45, max: 45 }), (ids, from, n) => {
        expect(indexOf(ids).beside(from, n, () => true)).toBe(naiveBeside(ids, from, n))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('passes over those that are not wanted when it steps', () => {
    const [a, b, c, d] = ['1', '2', '3', '4'].map((digit) => digit.padEnd(64, '0') as Id)
    const index = indexOf([a!, b!, c!, d!])
    expect(index.beside(a!, 1, (id) => id !== b)).toBe(c)
    expect(index.beside(a!, -2, (id) => id !== d)).toBe(b)
    expect(index.beside(a!, 1, () => false)).toBe(a)
  })
})

it('coming before is going up the ring from a place', () => {
  fc.assert(
    fc.property(someId, someId, someId, (from, a, b) => {
      fc.pre(a !== b)
      const steps = (id: Id): bigint =>
        (BigInt(`0x${id}`) - BigInt(`0x${from}`) + (1n << 256n)) % (1n << 256n)
      expect(comesBefore(from, a, b)).toBe(steps(a) < steps(b))
    }),
    { seed: SEED },
  )
})
