import { describe, expect, it } from 'vitest'
import { BoundedMap } from '../../../main/overlay/base/bounded-map.ts'

/** One below and one above where its insides change. */
describe.each([64, 512])('with room for %i', (limit) => {
  it('forgets the oldest, and what was set again is young', () => {
    const map = new BoundedMap<string, number>(limit)
    for (let i = 0; i < limit; i++) map.set(`key ${i}`, i)
    map.set('key 0', 100)
    map.set('one more', 101)
    expect(map.size).toBe(limit)
    expect([map.get('key 0'), map.has('key 1'), map.get('one more')]).toEqual([100, false, 101])
    expect([...map.keys()].slice(-2)).toEqual(['key 0', 'one more'])
  })

  it('is empty again when all is deleted', () => {
    const map = new BoundedMap<string, number>(limit)
    map.set('a', 1)
    map.delete('a')
    map.delete('b')
    expect([map.size, map.get('a'), [...map.keys()]]).toEqual([0, undefined, []])
  })
})
