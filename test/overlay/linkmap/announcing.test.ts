import { describe, expect, it } from 'vitest'
import { type Identity } from '../../../main/overlay/identity.ts'
import { SPARSE_LINKS } from '../../../main/overlay/ports/paths.ts'
import { hintOf } from '../../../main/overlay/wire/id-hints.ts'
import { MAX_MAPPED } from '../../../main/overlay/wire/link-announcement.ts'
import { MapBench } from './map-bench.ts'

const QUIET_MS = 200

/** This node between Alice and Bob; Carol is behind Alice. */
async function begin(seed: number): Promise<{ bench: MapBench; people: [Identity, Identity, Identity] }> {
  const bench = new MapBench(seed)
  const people = [bench.newcomer(), bench.newcomer(), bench.newcomer()] as [Identity, Identity, Identity]
  const [alice, bob, carol] = people
  bench.linkTo(alice)
  bench.linkTo(bob)
  await bench.run(QUIET_MS)
  bench.say(alice, bench.announced(alice, [bench.self, carol]), bench.announced(carol, [alice]))
  await bench.run(QUIET_MS)
  return { bench, people }
}

const namesOf = (links: readonly string[]): Set<string> => new Set(links)

describe('telling of links', () => {
  it('draws the map, says who is seen, and passes on what is new to all but whence it came', async () => {
    const { bench, people } = await begin(1)
    const [alice, bob, carol] = people
    expect(bench.hopsTo(carol)).toBe(2)
    expect(bench.seen).toContain(carol.id)
    expect(new Set(bench.tellsTo(bob).map(({ origin }) => origin.id))).toEqual(
      new Set([bench.self.id, alice.id, carol.id]),
    )
    expect(bench.tellsTo(alice).map(({ origin }) => origin.id)).toEqual([bench.self.id])
  })

  it('tells of a link that came and of one that went', async () => {
    const { bench, people } = await begin(2)
    const [alice, bob] = people
    const dora = bench.newcomer()
    bench.tellsTo(alice)
    bench.linkTo(dora)
    await bench.run(QUIET_MS)
    expect(namesOf(bench.tellsTo(alice)[0]!.links)).toEqual(
      namesOf([alice, bob, dora].map(({ id }) => hintOf(id))),
    )
    bench.cutLinkTo(bob)
    await bench.run(QUIET_MS)
    expect(namesOf(bench.tellsTo(alice)[0]!.links)).toEqual(
      namesOf([alice, dora].map(({ id }) => hintOf(id))),
    )
  })

  it('leaves out a silent link at once, tells of it a moment later, and uses it again when it is heard', async () => {
    const { bench, people } = await begin(3)
    const [alice, bob, carol] = people
    bench.tellsTo(bob)
    bench.ways.silent(alice.id)
    expect(bench.hopsTo(carol)).toBeUndefined()
    await bench.run(500)
    expect(bench.tellsTo(bob)).toEqual([])
    await bench.run(1_000)
    expect(bench.tellsTo(bob)[0]!.links).toEqual([hintOf(bob.id)])
    bench.hears(alice)
    await bench.run(1_000)
    expect(bench.hopsTo(carol)).toBe(2)
    expect(bench.tellsTo(bob)[0]!.links).toHaveLength(2)
  })

  it('takes leave of the map with the last link of a node that has many', async () => {
    const { bench, people } = await begin(4)
    const [, bob, carol] = people
    bench.tellsTo(bob)
    for (let links = 2; links < SPARSE_LINKS; links++) bench.linkTo(bench.newcomer())
    await bench.run(QUIET_MS)
    expect(bench.tellsTo(bob).at(-1)!.links).toEqual([])
    expect(bench.hopsTo(carol)).toBeUndefined()
  })
})

describe('a neighbour that lies', () => {
  it('cannot have the map taken for whole where something was refused that may have been true', async () => {
    const { bench, people } = await begin(11)
    const [alice, bob, carol] = people
    bench.say(bob, bench.announced(bob, [bench.self]))
    expect(bench.ways.isWhole()).toBe(true)
    const newcomer = bench.newcomer()
    bench.say(alice, bench.announced(carol, [alice, newcomer], bench.seconds + 200_000))
    expect(bench.ways.isWhole()).toBe(false)
    await bench.run(5 * 60_000)
    expect(bench.ways.isWhole()).toBe(false)
    await bench.run(6 * 60_000)
    expect(bench.ways.isWhole()).toBe(true)
  })

  it('cannot speak for another: forged, altered, or of another network', async () => {
    const { bench, people } = await begin(5)
    const [alice, bob, carol] = people
    const true_ = bench.announced(carol, [alice, bob], bench.seconds + 1)
    const forged = { ...bench.announced(alice, [carol, bob], bench.seconds + 1), origin: true_.origin }
    bench.say(bob, forged)
    bench.say(bob, { ...true_, links: [hintOf(bob.id)] })
    bench.say(bob, { ...true_, sequence: true_.sequence + 1 })
    expect(bench.drops.snapshot()['links: bad-signature']).toBe(3)
    expect(bench.hopsTo(carol)).toBe(2)
    bench.say(bob, true_)
    expect(bench.drops.snapshot()['links: bad-signature']).toBe(3)
  })

  it('cannot be beside somebody who does not say so', async () => {
    const { bench, people } = await begin(6)
    const [, bob, carol] = people
    bench.say(bob, bench.announced(bob, [bench.self, carol]))
    expect(bench.ways.mapped(carol.id, (link) => link === bob.id)).toBeUndefined()
  })

  it('cannot bring back what was true once, nor speak for the day after tomorrow', async () => {
    const { bench, people } = await begin(7)
    const [alice, bob, carol] = people
    const old = bench.announced(carol, [alice])
    await bench.run(2_000)
    bench.say(alice, bench.announced(carol, []))
    expect(bench.hopsTo(carol)).toBeUndefined()
    bench.say(bob, old)
    expect(bench.hopsTo(carol)).toBeUndefined()
    bench.say(bob, bench.announced(carol, [alice], bench.seconds + 200_000))
    expect(bench.drops.snapshot()['links: refused']).toBe(1)
    expect(bench.hopsTo(carol)).toBeUndefined()
  })

  it('who invents nodes without end fills the map at most, and is told no more of it', async () => {
    const { bench, people } = await begin(8)
    const [alice, bob, carol] = people
    const invented = Array.from({ length: 600 }, () => bench.newcomer())
    bench.say(bob, bench.announced(bob, [bench.self, ...invented.slice(0, SPARSE_LINKS - 1)]))
    for (const one of invented) bench.say(bob, bench.announced(one, [bob]))
    const mapped = invented.filter((one) => bench.hopsTo(one) !== undefined)
    expect(mapped.length).toBe(SPARSE_LINKS - 1) // more do not fit into one's own words
    expect(bench.hopsTo(carol)).toBe(2)
    bench.tellsTo(alice)
    await bench.run(QUIET_MS)
    expect(bench.tellsTo(alice).length).toBeLessThanOrEqual(MAX_MAPPED)
  })

  it('who changes its links without end is heard ten times and then once in some seconds', async () => {
    const { bench, people } = await begin(9)
    const [alice, bob] = people
    bench.tellsTo(alice)
    for (let round = 0; round < 200; round++) {
      bench.say(
        bob,
        bench.announced(bob, round % 2 ? [bench.self] : [bench.self, alice], bench.seconds + round),
      )
      await bench.run(100)
    }
    const passedOn = bench.tellsTo(alice).filter(({ origin }) => origin.id === bob.id)
    expect(passedOn.length).toBeGreaterThan(15)
    expect(passedOn.length).toBeLessThan(35)
    expect(bench.drops.snapshot()['links: refused']).toBeGreaterThan(150)
  })

  it('who says what this node said before it was started anew makes it speak again, and louder', async () => {
    const { bench, people } = await begin(10)
    const [alice, bob] = people
    bench.tellsTo(alice)
    const before = bench.announced(bench.self, [], bench.seconds + 50)
    bench.say(bob, before)
    await bench.run(QUIET_MS)
    expect(bench.tellsTo(alice)[0]!.sequence).toBeGreaterThan(before.sequence)
  })
})
