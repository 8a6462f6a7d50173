import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IdMap } from '../../../main/overlay/base/id-map.ts'
import { type Id } from '../../../main/overlay/base/id.ts'

const id = fc.nat(30).map((value) => value.toString(16).padStart(64, '0') as Id)
const step = fc.record({ kind: fc.constantFrom('set', 'replace', 'delete'), id, value: fc.nat(9) })

it('does what a map does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const tested = new IdMap<number>()
      const twin = new Map<Id, number>()
      for (const { kind, id, value } of steps) {
        if (kind === 'delete') expect(tested.delete(id)).toBe(twin.delete(id))
        else {
          tested[kind](id, value)
          if (kind === 'set' || twin.has(id)) twin.set(id, value)
        }
        expect([tested.size, tested.has(id), tested.get(id)]).toEqual([twin.size, twin.has(id), twin.get(id)])
        expect(tested.ids).toEqual([...twin.keys()].sort())
      }
    }),
  )
})

it('tells what is next to an id first', () => {
  const map = new IdMap<number>()
  for (const value of [1, 3, 5, 7, 9]) map.set(`${value}`.padEnd(64, '0') as Id, value)
  expect(map.valuesAround('4'.padEnd(64, '0') as Id)).toEqual([5, 3, 7, 1, 9])
  map.clear()
  expect(map.valuesAround('4'.padEnd(64, '0') as Id)).toEqual([])
})
