import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes, type Id } from '../../../main/overlay/base/id.ts'
import { LeafSet } from '../../../main/overlay/routing/leaf-set.ts'
import { nextHop, type HopQuery } from '../../../main/overlay/routing/next-hop.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))
const id = (start: string): Id => start.padEnd(64, '0') as Id
const record = (of: Id): PeerRecord => ({ id: of }) as PeerRecord

describe('the leaf set', () => {
  it('holds what an all-knowing observer says, whatever the order of arrivals and departures', () => {
    fc.assert(
      fc.property(anyId, fc.uniqueArray(anyId, { maxLength: 40 }), fc.nat(10), (self, others, gone) => {
        fc.pre(!others.includes(self))
        const leafSet = new LeafSet(self)
        for (const other of others) leafSet.add(record(other))
        const all = new TrueRing([self, ...others]).leafSet(self)
        expect({ above: leafSet.above, below: leafSet.below }).toEqual(all)
        for (const other of others.slice(0, gone)) leafSet.remove(other)
        for (const other of others.slice(gone)) leafSet.add(record(other))
        const left = new TrueRing([self, ...others.slice(gone)]).leafSet(self)
        expect({ above: leafSet.above, below: leafSet.below }).toEqual(left)
      }),
    )
  })

  it('names the true root of every key it covers', () => {
    fc.assert(
      fc.property(anyId, fc.uniqueArray(anyId, { maxLength: 40 }), anyId, (self, others, key) => {
        fc.pre(!others.includes(self))
        const leafSet = new LeafSet(self)
        for (const other of others) leafSet.add(record(other))
        if (leafSet.covers(key))
          expect(leafSet.closest(key, 1)).toEqual([new TrueRing([self, ...others]).root(key)])
      }),
    )
  })
})

describe('the next hop', () => {
  const self = id('50')
  const table: {
    name: string
    members: string[]
    linked: string[]
    query: Partial<HopQuery>
    expected: unknown
  }[] = [
    { name: 'its own key', members: [], linked: [], query: { key: self }, expected: { kind: 'deliver' } },
    {
      name: 'nobody closer',
      members: ['90'],
      linked: ['90'],
      query: { key: id('51') },
      expected: { kind: 'deliver' },
    },
    {
      name: 'the root is linked',
      members: ['60'],
      linked: ['60'],
      query: { key: id('61') },
      expected: { kind: 'forward', next: id('60'), isDetour: false },
    },
    {
      name: 'the root is not linked: round about, never deliver',
      members: ['60', 'b0'],
      linked: ['b0'],
      query: { key: id('61') },
      expected: { kind: 'forward', next: id('b0'), isDetour: true },
    },
    {
      name: 'no detour left',
      members: ['60', 'b0'],
      linked: ['b0'],
      query: { key: id('61'), detoursLeft: 0 },
      expected: { kind: 'stuck', reason: 'dead-end' },
    },
    {
      name: 'a visited root is out of the question',
      members: ['60'],
      linked: ['60'],
      query: { key: id('61'), visited: new Set([id('60')]) },
      expected: { kind: 'deliver' },
    },
    {
      name: 'an exact key that is nobody here',
      members: ['60'],
      linked: ['60'],
      query: { key: id('51'), isExact: true, detoursLeft: 0 },
      expected: { kind: 'stuck', reason: 'not-here' },
    },
  ]
  it.each(table)('$name', ({ members, linked, query, expected }) => {
    const leafSet = new LeafSet(self)
    for (const member of members) leafSet.add(record(id(member)))
    const full: HopQuery = {
      key: self,
      isExact: false,
      offset: 0,
      visited: new Set(),
      detoursLeft: 8,
      ...query,
    }
    expect(nextHop(self, leafSet, linked.map(id), full)).toEqual(expected)
  })

  it('with an offset takes a ring neighbour of the best, and still makes progress', () => {
    const crowd = Array.from({ length: 20 }, (_, i) => id(`a${i.toString(16).padStart(2, '0')}`))
    const leafSet = new LeafSet(id('10'))
    for (let i = 1; i <= 8; i++) for (const start of [`10${i}`, `0f${i}`]) leafSet.add(record(id(start)))
    const query = { key: id('a0a'), isExact: false, visited: new Set<Id>(), detoursLeft: 8 }
    const next = [0, 1, -1].map((offset) => nextHop(id('10'), leafSet, crowd, { ...query, offset }))
    expect(next.map((hop) => hop.kind === 'forward' && hop.next.slice(0, 3))).toEqual(['a0a', 'a0b', 'a09'])
  })
})
