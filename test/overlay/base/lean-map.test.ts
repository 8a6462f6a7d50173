import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeanMap } from '../../../main/overlay/base/lean-map.ts'
import { LeanSet } from '../../../main/overlay/base/lean-set.ts'

const key = fc.integer({ min: 0, max: 5 })
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.integer() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  ),
)

describe('a lean map', () => {
  it('is as the language’s own, whatever is done to it', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const lean = new LeanMap<number, number>()
        const plain = new Map<number, number>()
        for (const step of taken) {
          if (step.kind === 'put') {
            expect(lean.set(step.key, step.value)).toBe(lean)
            plain.set(step.key, step.value)
          } else if (step.kind === 'delete') expect(lean.delete(step.key)).toBe(plain.delete(step.key))
          else {
            lean.clear()
            plain.clear()
          }
          expect(viewOf(lean)).toEqual(viewOf(plain))
        }
      }),
    )
  })

  it('can be emptied by whoever goes through it, and filled again', () => {
    const lean = new LeanMap<number, string>().set(1, 'a').set(2, 'b')
    const seen: number[] = []
    for (const [each] of lean) {
      seen.push(each)
      lean.delete(each)
    }
    expect(seen).toEqual([1, 2])
    expect([...lean.set(3, 'c').keys()]).toEqual([3])
  })

  it('shows the one that is empty as empty, whatever another holds', () => {
    new LeanMap<number, string>().set(1, 'a')
    expect([...new LeanMap<number, string>().values()]).toEqual([])
  })
})

describe('a lean set', () => {
  it('is as the language’s own, whatever is done to it', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const lean = new LeanSet<number>()
        const plain = new Set<number>()
        for (const step of taken) {
          if (step.kind === 'put') {
            expect(lean.add(step.key)).toBe(lean)
            plain.add(step.key)
          } else if (step.kind === 'delete') expect(lean.delete(step.key)).toBe(plain.delete(step.key))
          else {
            lean.clear()
            plain.clear()
          }
          expect(viewOfSet(lean)).toEqual(viewOfSet(plain))
        }
      }),
    )
  })
})

function viewOf(map: Map<number, number>): unknown {
  const each: [number, number][] = []
  map.forEach((value, at) => each.push([at, value]))
  const asked = [0, 1, 2, 3, 4, 5].map((at) => [map.has(at), map.get(at)])
  return [map.size, [...map], [...map.keys()], [...map.values()], [...map.entries()], each, asked]
}

function viewOfSet(set: Set<number>): unknown {
  const each: number[] = []
  set.forEach((value) => each.push(value))
  const asked = [0, 1, 2, 3, 4, 5].map((value) => set.has(value))
  return [set.size, [...set], [...set.keys()], [...set.values()], [...set.entries()], each, asked]
}
