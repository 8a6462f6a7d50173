import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes, type Id } from '../../../main/overlay/base/id.ts'
import { LeafSet } from '../../../main/overlay/routing/leaf-set.ts'
import { nextHop, type HopQuery, type RoutingView } from '../../../main/overlay/routing/next-hop.ts'
import { RingIndex } from '../../../main/overlay/base/ring-index.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))
const id = (start: string): Id => start.padEnd(64, '0') as Id
const record = (of: Id): PeerRecord => ({ id: of }) as PeerRecord

/** What a node knows that has these links, and these ways to others. */
function viewOf(
  self: Id,
  leafSet: LeafSet,
  linked: readonly Id[],
  ways: readonly { to: Id; link: Id; sequence: number; hops: number }[] = [],
): RoutingView {
  const links = new RingIndex()
  for (const each of linked) links.add(each)
  const stillClock = { nowMs: () => 0, wallMs: () => 0, after: () => ({ cancel: () => undefined }) }
  const paths = new NextHopRecords(stillClock, { origins: 100, lifeMs: 1000 })
  for (const { to, ...way } of ways) paths.add(to, way)
  return { self, leafSet, links, paths }
}

const NOTHING = {
  offset: 0,
  visited: new Set<Id>(),
  failed: new Set<Id>(),
  detoursLeft: 8,
  keyHops: 255,
  isFollowing: false,
}

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
    const full: HopQuery = { key: self, isExact: false, ...NOTHING, ...query }
    expect(nextHop(viewOf(self, leafSet, linked.map(id)), full)).toEqual(expected)
  })

  it('of the closer links takes the one with the longest prefix, and where links are few the closest', () => {
    const leafSet = new LeafSet(id('10'))
    for (let i = 1; i <= 8; i++) for (const start of [`10${i}`, `0f${i}`]) leafSet.add(record(id(start)))
    const query = { ...NOTHING, key: id('a0'), isExact: true }
    const [near, alike] = [id('9a'), id('a9')]
    const others = Array.from({ length: 10 }, (_, i) => id(`2${i}`))
    expect(nextHop(viewOf(id('10'), leafSet, [near, alike, ...others]), query)).toMatchObject({ next: alike })
    expect(nextHop(viewOf(id('10'), leafSet, [near, alike]), query)).toMatchObject({ next: near })
    // Progress is by distance all the same: what is not closer is not gone to for its prefix.
    const here = id('99')
    const full = new LeafSet(here)
    for (let i = 1; i <= 8; i++) for (const start of [`990${i}`, `98f${i}`]) full.add(record(id(start)))
    const view = viewOf(here, full, [near, alike, ...others])
    expect(nextHop(view, query)).toMatchObject({ next: near })
    // And whoever has the key's neighbours for its own is as good as there.
    const beside = id('9ff')
    const hop = nextHop(viewOf(id('10'), leafSet, [near, alike, beside, ...others]), query)
    expect(hop).toMatchObject({ next: beside })
  })

  it('with an offset takes a ring neighbour of the best, and still makes progress', () => {
    const crowd = Array.from({ length: 20 }, (_, i) => id(`a${i.toString(16).padStart(2, '0')}`))
    const leafSet = new LeafSet(id('10'))
    for (let i = 1; i <= 8; i++) for (const start of [`10${i}`, `0f${i}`]) leafSet.add(record(id(start)))
    const query = { ...NOTHING, key: id('a0a'), isExact: false }
    const view = viewOf(id('10'), leafSet, crowd)
    const next = [0, 1, -1].map((offset) => nextHop(view, { ...query, offset }))
    expect(next.map((hop) => hop.kind === 'forward' && hop.next.slice(0, 3))).toEqual(['a0a', 'a0b', 'a09'])
  })

  it('with an offset ends at the n-th neighbour of the root, whoever was visited on the way', () => {
    const members = ['90', 'a0', 'b0', 'c0'].map(id)
    const leafSet = new LeafSet(self)
    for (const member of members) leafSet.add(record(member))
    const view = viewOf(self, leafSet, members)
    const ends = [0, 1, -1, 2].map((offset) =>
      nextHop(view, { ...NOTHING, key: id('b1'), isExact: false, offset }),
    )
    expect(ends.map((hop) => hop.kind === 'forward' && hop.next.slice(0, 2))).toEqual([
      'b0',
      'c0',
      'a0',
      false,
    ])
  })
})

describe('following records', () => {
  const self = id('50')
  const [far, target, other] = [id('90'), id('a0'), id('b0')]
  const empty = new LeafSet(self)
  for (let i = 1; i <= 8; i++) for (const start of [`50${i}`, `4f${i}`]) empty.add(record(id(start)))
  const exact = { ...NOTHING, key: target, isExact: true }

  it('goes along the way with the fewest hops, and says how far it is', () => {
    const ways = [
      { to: target, link: far, sequence: 7, hops: 4 },
      { to: target, link: other, sequence: 7, hops: 3 },
    ]
    const hop = nextHop(viewOf(self, empty, [far, other], ways), exact)
    expect(hop).toMatchObject({ kind: 'forward', next: other, path: { target, hops: 3 } })
  })

  it('never back along a way that is not shorter than the one it came on', () => {
    const ways = [{ to: target, link: other, sequence: 7, hops: 3 }]
    const view = viewOf(self, empty, [other], ways)
    const visited = new Set([other])
    expect(nextHop(view, { ...exact, keyHops: 3, visited }).kind).toBe('stuck')
    expect(nextHop(view, { ...exact, keyHops: 4, visited })).toMatchObject({
      next: other,
    })
  })

  it('takes another link where the first did not take the message', () => {
    const ways = [
      { to: target, link: far, sequence: 7, hops: 4 },
      { to: target, link: other, sequence: 7, hops: 3 },
    ]
    const view = viewOf(self, empty, [far, other], ways)
    expect(nextHop(view, { ...exact, failed: new Set([other]) })).toMatchObject({ next: far })
  })

  it('at a dead end among few links turns to a farther target, which costs a detour', () => {
    const ways = [
      { to: far, link: other, sequence: 7, hops: 3 },
      { to: id('20'), link: other, sequence: 7, hops: 2 },
    ]
    const arrived = { ...exact, key: id('52'), bound: { target: self, hops: 1 }, isFollowing: true }
    const view = viewOf(self, empty, [other], ways)
    const hop = nextHop(view, arrived)
    expect(hop).toMatchObject({ next: other, isDetour: true, path: { target: id('20'), hops: 2 } })
    const visited = new Set([id('20')])
    expect(nextHop(view, { ...arrived, visited })).toMatchObject({ path: { target: far } })
    expect(nextHop(view, { ...arrived, detoursLeft: 0 }).kind).toBe('stuck')
  })

  it('leads to the root that has no link, instead of delivering here', () => {
    const leafSet = new LeafSet(self)
    leafSet.add(record(far))
    const view = viewOf(self, leafSet, [other], [{ to: far, link: other, sequence: 1, hops: 2 }])
    const hop = nextHop(view, { ...NOTHING, key: id('91'), isExact: false })
    expect(hop).toMatchObject({ kind: 'forward', next: other, path: { target: far } })
  })
})
