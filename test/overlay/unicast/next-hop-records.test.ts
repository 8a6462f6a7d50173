import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Id } from '../../../main/overlay/base/id.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { HandClock } from '../base/hand-clock.ts'

const SEED = 1301
const LIFE_MS = 1000
const MOST_WAYS = 4
const id = (start: string): Id => start.padEnd(64, '0') as Id
const links = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map(id)
const [a1, a2, a3, a4, a5] = links as [Id, Id, Id, Id, Id]
const alice = id('01')
const anyLink = (): boolean => true

function begin(origins = 100): { clock: HandClock; records: NextHopRecords } {
  const clock = new HandClock()
  return { clock, records: new NextHopRecords(clock, { origins, lifeMs: LIFE_MS }) }
}

/** The links that lead to a target, best first, each found by ruling out those before it. */
function waysTo(records: NextHopRecords, target: Id): { link: Id; hops: number }[] {
  const found: { link: Id; hops: number }[] = []
  for (;;) {
    const step = records.step(target, Infinity, (link) => !found.some((each) => each.link === link))
    if (!step) return found
    found.push({ link: step.link, hops: step.hops })
  }
}

describe('ways to one origin', () => {
  it('are tried with the fewest hops first, and of as many the newest', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 1, hops: 3 })
    records.add(alice, { link: a2, sequence: 2, hops: 4 })
    records.add(alice, { link: a3, sequence: 2, hops: 3 })
    expect(waysTo(records, alice).map(({ link }) => link)).toEqual([a3, a1, a2])
  })

  it('over one link are one where the newer is no longer, and two where it is, until the shorter expires', () => {
    const { clock, records } = begin()
    records.add(alice, { link: a1, sequence: 5, hops: 4 })
    records.add(alice, { link: a1, sequence: 5, hops: 6 })
    expect(waysTo(records, alice)).toEqual([{ link: a1, hops: 4 }])
    records.add(alice, { link: a1, sequence: 5, hops: 2 })
    clock.ms = LIFE_MS / 2
    records.add(alice, { link: a1, sequence: 6, hops: 7 })
    expect(waysTo(records, alice)).toEqual([{ link: a1, hops: 2 }])
    clock.ms = LIFE_MS
    expect(waysTo(records, alice)).toEqual([{ link: a1, hops: 7 }])
    records.add(alice, { link: a1, sequence: 7, hops: 7 })
    clock.ms = 1.5 * LIFE_MS
    expect(waysTo(records, alice)).toEqual([{ link: a1, hops: 7 }])
  })

  it('over one link fail and work together, since its other end chooses which to take', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 5, hops: 2 })
    records.add(alice, { link: a1, sequence: 6, hops: 3 })
    records.add(alice, { link: a2, sequence: 6, hops: 9 })
    records.failed(alice, a1)
    expect(waysTo(records, alice)[0]!.link).toBe(a2)
    records.worked(alice, a1)
    expect(waysTo(records, alice)[0]).toEqual({ link: a1, hops: 2 })
    for (let i = 0; i < 3; i++) records.failed(alice, a1)
    expect(waysTo(records, alice)).toEqual([{ link: a2, hops: 9 }])
  })

  it('of a round before the newest one seen are not taken', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 6, hops: 7 })
    records.add(alice, { link: a2, sequence: 5, hops: 1 })
    expect(waysTo(records, alice)).toEqual([{ link: a1, hops: 7 }])
  })

  it('lead nowhere that is not nearer than the message has come, nor over a link that is not to be used', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 1, hops: 3 })
    records.add(alice, { link: a2, sequence: 1, hops: 5 })
    expect(records.step(alice, 4, anyLink)).toMatchObject({ target: alice, link: a1, hops: 3 })
    expect(records.step(alice, 3, anyLink)).toBeUndefined()
    expect(records.step(alice, 6, (link) => link !== a1)).toMatchObject({ link: a2, hops: 5 })
    expect(records.step(id('02'), 255, anyLink)).toBeUndefined()
  })

  it('that fail step behind the others, come back when they work, and go when they fail three times', () => {
    const { records } = begin()
    const order = (): Id[] => waysTo(records, alice).map(({ link }) => link)
    records.add(alice, { link: a1, sequence: 1, hops: 2 })
    records.add(alice, { link: a2, sequence: 1, hops: 5 })
    records.failed(alice, a1)
    expect(order()).toEqual([a2, a1])
    records.worked(alice, a1)
    expect(order()).toEqual([a1, a2])
    for (let i = 0; i < 3; i++) records.failed(alice, a1)
    expect(order()).toEqual([a2])
    for (let i = 0; i < 3; i++) records.failed(alice, a2)
    expect([order(), records.size]).toEqual([[], 0])
    records.failed(alice, a2)
  })

  it('that failed are as good as new with the next round', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 1, hops: 2 })
    records.add(alice, { link: a2, sequence: 1, hops: 5 })
    records.failed(alice, a1)
    records.add(alice, { link: a1, sequence: 2, hops: 2 })
    expect(waysTo(records, alice)[0]!.link).toBe(a1)
  })

  it('go with their link', () => {
    const { records } = begin()
    records.add(alice, { link: a1, sequence: 1, hops: 2 })
    records.add(alice, { link: a2, sequence: 1, hops: 5 })
    records.add(id('02'), { link: a1, sequence: 1, hops: 2 })
    records.linkDown(a1)
    expect(waysTo(records, alice)).toEqual([{ link: a2, hops: 5 }])
    expect([records.size, records.closest(id('02'), anyLink)]).toEqual([1, alice])
  })

  it('are not used from the moment they expire, and forgotten by the next sweep', () => {
    const { clock, records } = begin()
    records.add(alice, { link: a1, sequence: 1, hops: 2 })
    clock.ms = LIFE_MS - 1
    expect(waysTo(records, alice)).toHaveLength(1)
    clock.ms = LIFE_MS
    expect([waysTo(records, alice), records.size]).toEqual([[], 1])
    records.sweep()
    expect([records.size, records.closest(alice, anyLink), [...records.entries()]]).toEqual([
      0,
      undefined,
      [],
    ])
  })

  it('that have expired hold no place against one that is there', () => {
    const { clock, records } = begin()
    for (const link of [a1, a2, a3, a4]) records.add(alice, { link, sequence: 1, hops: 2 })
    clock.ms = LIFE_MS
    records.add(alice, { link: a5, sequence: 2, hops: 9 })
    records.add(alice, { link: a1, sequence: 2, hops: 8 })
    expect(waysTo(records, alice)).toEqual([
      { link: a1, hops: 8 },
      { link: a5, hops: 9 },
    ])
  })

  it('of the newest round are kept beside shorter ones, which will go first', () => {
    const { clock, records } = begin()
    for (const link of [a1, a2, a3, a4]) records.add(alice, { link, sequence: 1, hops: 2 })
    clock.ms = LIFE_MS - 1
    records.add(alice, { link: a5, sequence: 2, hops: 9 })
    expect(waysTo(records, alice).map(({ hops }) => hops)).toEqual([2, 2, 2, 9])
    clock.ms = LIFE_MS
    expect(waysTo(records, alice)).toEqual([{ link: a5, hops: 9 }])
  })
})

const step = fc.record({
  link: fc.constantFrom(...links),
  hops: fc.integer({ min: 2, max: 12 }),
  /** Of the same round as the one before, or of the next. */
  isNewRound: fc.boolean(),
  passMs: fc.nat(LIFE_MS / 2),
  then: fc.constantFrom('nothing', 'failed', 'worked', 'linkDown', 'sweep'),
})

it(`whatever happens there are at most four ways, in order, and none that is spent (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, records } = begin()
      let sequence = 1
      for (const { link, hops, isNewRound, passMs, then } of steps) {
        clock.ms += passMs
        if (isNewRound) sequence++
        records.add(alice, { link, sequence, hops })
        if (then === 'failed' || then === 'worked') records[then](alice, link)
        if (then === 'linkDown') records.linkDown(link)
        if (then === 'sweep') records.sweep()
        const ways = waysTo(records, alice)
        expect(ways.length).toBeLessThanOrEqual(MOST_WAYS)
        for (const way of ways) {
          const only = (each: Id): boolean => each === way.link
          expect(records.step(alice, way.hops + 1, only)?.hops).toBe(way.hops)
          expect(records.step(alice, 1, only)).toBeUndefined()
        }
        for (const { expiresMs } of then === 'sweep' ? records.entries() : [])
          expect(expiresMs).toBeGreaterThan(clock.ms)
      }
    }),
    { seed: SEED, numRuns: 300 },
  )
})

it(`a way is made before the last one breaks: there is one as long as rounds come within a life (seed ${SEED})`, () => {
  const round = fc.record({
    link: fc.constantFrom(...links),
    hops: fc.integer({ min: 2, max: 12 }),
    passMs: fc.oneof(fc.constant(0), fc.nat(LIFE_MS - 1)),
  })
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 40 }), (rounds) => {
      const { clock, records } = begin()
      for (const [i, { link, hops, passMs }] of rounds.entries()) {
        records.add(alice, { link, sequence: i + 1, hops })
        clock.ms += passMs
        expect(waysTo(records, alice)).not.toEqual([])
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})

describe('a full store', () => {
  const flooder = id('f0')
  const origin = (number: number): Id => id(`0${(number + 0x1000).toString(16)}`)

  it('makes the link that brought the most give way, and keeps what others brought', () => {
    const { records } = begin(100)
    for (let i = 0; i < 30; i++) records.add(origin(i), { link: links[i % 5]!, sequence: 1, hops: 4 })
    for (let i = 100; i < 10_100; i++) records.add(origin(i), { link: flooder, sequence: 1, hops: 2 })
    expect(records.size).toBe(100)
    for (let i = 0; i < 30; i++) expect(waysTo(records, origin(i))).toHaveLength(1)
    expect(waysTo(records, origin(10_099))).toHaveLength(1)
  })

  it('takes from a crowded link only what came over it', () => {
    const { records } = begin(10)
    records.add(alice, { link: a1, sequence: 1, hops: 6 })
    records.add(alice, { link: flooder, sequence: 1, hops: 2 })
    for (let i = 0; i < 40; i++) records.add(origin(i), { link: flooder, sequence: 1, hops: 2 })
    expect(waysTo(records, alice)).toContainEqual({ link: a1, hops: 6 })
    expect(records.size).toBe(10)
  })

  it(`never holds more than its limit, whoever brings what (seed ${SEED})`, () => {
    const arrivals = fc.array(fc.tuple(fc.nat(60), fc.constantFrom(...links), fc.nat(50)), { maxLength: 200 })
    fc.assert(
      fc.property(arrivals, (all) => {
        const { clock, records } = begin(20)
        const brought = new Set<Id>()
        for (const [number, link, passMs] of all) {
          clock.ms += passMs
          records.add(origin(number), { link, sequence: clock.ms, hops: 3 })
          brought.add(origin(number))
          expect(records.size).toBeLessThanOrEqual(20)
          const held = [...records.entries()].map(({ target }) => target)
          expect(new Set(held).size).toBe(records.size)
          for (const target of held) expect(records.closest(target, anyLink)).toBe(target)
        }
        if (brought.size <= 20) expect(records.size).toBe(brought.size)
      }),
      { seed: SEED },
    )
  })
})
