import { beforeEach, describe, expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type Identity } from '../../../main/overlay/identity.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { encodeProbe } from '../../../main/overlay/wire/unicast-probe.ts'
import { ProbeBench } from './probe-bench.ts'

const SEED = 1302
const DAY_S = 86_400
const PERIOD_MS = 20_000
const link = (start: string): NodeId => start.padEnd(64, '0') as NodeId
const [east, west] = [link('ea'), link('be')]

describe('a probe of another', () => {
  let bench: ProbeBench
  let alice: Identity
  beforeEach(() => {
    bench = new ProbeBench(SEED)
    alice = bench.newcomer()
  })

  it('leaves the link it came over, and goes on one hop farther', () => {
    const probe = bench.probe(alice, 3)
    const next = bench.passedOn(probe, 3, east)
    expect(bench.records.step(alice.id, 255, () => true)).toEqual({ target: alice.id, link: east, hops: 3 })
    expect(bench.seen).toEqual([alice.id])
    const other = new ProbeBench(SEED)
    expect(other.pass(next, 4, west)).toBe('pass')
    expect(other.pass(next, 3, west)).toBe('bad-signature')
  })

  it('that came from its origin itself leaves no record: there is the link', () => {
    expect(bench.pass(bench.probe(alice, 1), 1, alice.id)).toBe('pass')
    expect([bench.records.size, bench.seen]).toEqual([0, [alice.id]])
  })

  it('leaves no record over a link that is gone: it was sent on anew, because a hop fell silent', () => {
    bench.gone.add(east)
    expect(bench.pass(bench.probe(alice, 2), 2, east)).toBe('pass')
    expect(bench.records.size).toBe(0)
    expect(bench.pass(bench.probe(alice, 3), 3, west)).toBe('pass')
    expect(bench.records.size).toBe(1)
  })

  it('is taken once each interval, in as many copies as a round has', async () => {
    const sequence = bench.seconds
    for (const copy of [0, 1, 7])
      expect(bench.pass(bench.probe(alice, 3, { sequence, copy }), 3, east)).toBe('pass')
    expect(bench.pass(bench.probe(alice, 3, { sequence, copy: 8 }), 3, east)).toBe('malformed')
    await bench.run(7900)
    expect(bench.pass(bench.probe(alice, 3), 3, east)).toBe('refused')
    await bench.run(100)
    expect(bench.pass(bench.probe(alice, 3), 3, east)).toBe('pass')
  })

  it('of an older round is refused, and so is one that is played back later, as long as records live', async () => {
    const old = bench.probe(alice, 2)
    expect(bench.pass(old, 2, west)).toBe('pass')
    await bench.run(PERIOD_MS)
    expect(bench.pass(bench.probe(alice, 5), 5, east)).toBe('pass')
    expect(bench.pass(old, 2, west)).toBe('refused')
    await bench.run(262_000)
    expect(bench.pass(old, 2, west)).toBe('refused')
  })

  it('of an older round changes no way even where its newer round was forgotten', () => {
    const crowd = Array.from({ length: 2100 }, () => bench.newcomer())
    const old = bench.probe(alice, 2, { sequence: bench.seconds - 60 })
    bench.pass(bench.probe(alice, 5), 5, east)
    for (const [i, one] of crowd.entries())
      bench.pass(bench.probe(one, 5), 5, link((0x1000 + (i >> 6)).toString(16)))
    expect(bench.pass(old, 2, west)).toBe('pass')
    expect(bench.records.step(alice.id, 255, () => true)).toMatchObject({ link: east, hops: 5 })
  })

  it('is believed where its clock is off by hours, and not by more than a day', () => {
    const now = bench.seconds
    const verdict = (sequence: number): string =>
      bench.pass(bench.probe(bench.newcomer(), 2, { sequence }), 2, east)
    expect([now - DAY_S, now - 7200, now + 7200, now + DAY_S].map(verdict)).toEqual(Array(4).fill('pass'))
    expect([now - DAY_S - 1, now + DAY_S + 1].map(verdict)).toEqual(['refused', 'refused'])
  })

  it('is taken again after its origin was installed anew, since its clock says how far it was', async () => {
    bench.pass(bench.probe(alice, 4), 4, east)
    await bench.run(60_000)
    expect(bench.pass(bench.probe(alice, 3), 3, west)).toBe('pass')
    expect(bench.records.step(alice.id, 255, () => true)).toMatchObject({ link: west, hops: 3 })
  })

  it('must be for its origin and from it', () => {
    const probe = bench.probe(alice, 2)
    const bob = bench.newcomer()
    expect(bench.pass(probe, 2, east, { key: bob.id })).toBe('malformed')
    expect(bench.pass(probe, 2, east, { source: bob.id })).toBe('malformed')
    expect([bench.records.size, bench.seen]).toEqual([0, []])
  })

  it('that somebody else signed leaves nothing, not even a gate that would keep out the real one', () => {
    const mallory = bench.newcomer()
    const forged = {
      ...bench.probe(mallory, 2, { sequence: bench.seconds + 100 }),
      origin: bench.recordOf(alice),
    }
    expect(bench.pass(forged, 2, east)).toBe('bad-signature')
    expect([bench.records.size, bench.seen]).toEqual([0, []])
    expect(bench.pass(bench.probe(alice, 4), 4, west)).toBe('pass')
  })

  it('of a noise key that the node key did not certify leaves nothing', () => {
    const mallory = bench.newcomer()
    const origin: PeerRecord = { ...bench.recordOf(alice), noiseKey: bench.recordOf(mallory).noiseKey }
    expect(bench.pass({ ...bench.probe(alice, 2), origin }, 2, east)).toBe('bad-signature')
    expect(bench.records.size).toBe(0)
  })

  it('over one link there are 400 at once and 50 a second; other links have their own', async () => {
    const count = (over: NodeId, tries: number): number => {
      let taken = 0
      for (let i = 0; i < tries; i++) if (bench.pass(bench.probe(alice, 2), 2, over) === 'pass') taken++
      return taken
    }
    expect(count(east, 450)).toBe(400)
    expect(count(west, 10)).toBe(10)
    await bench.run(8000)
    expect(count(east, 450)).toBe(400)
    expect(bench.records.size).toBe(1)
  })
})

it('an id that cost too little gets no record, one that was paid for does', () => {
  const bench = new ProbeBench(SEED, { copies: 3, isFirstLinkRandom: true }, 6)
  expect(bench.pass(bench.probe(bench.newcomer(), 2), 2, east)).toBe('bad-puzzle')
  expect([bench.records.size, bench.seen]).toEqual([0, []])
  expect(bench.pass(bench.probe(bench.paidNewcomer(), 2), 2, east)).toBe('pass')
  expect(bench.records.size).toBe(1)
})

describe('the end of a probe', () => {
  it('names neighbours that its origin does not know, the nearest first and eight at most', async () => {
    const bench = new ProbeBench(SEED + 1)
    const alice = bench.newcomer()
    const others = Array.from({ length: 40 }, () => bench.recordOf(bench.newcomer()))
    bench.neighbours = others
    const first = await bench.end(bench.probe(alice, 3), 3, east)
    expect(first).toEqual(others.slice(0, 8).map(({ id }) => id))

    const ring = [alice.id, ...others.map(({ id }) => id)].sort()
    const at = ring.indexOf(alice.id)
    const beside = (n: number): NodeId => ring[(at + n + ring.length) % ring.length]!
    const nearest: [NodeId, NodeId] = [beside(2), beside(-1)]
    await bench.run(PERIOD_MS)
    expect(await bench.end(bench.probe(alice, 3, { nearest }), 3, east)).toEqual([beside(1)])
    expect(bench.records.size).toBe(1)
  })

  it('refuses a probe that nobody took', async () => {
    const bench = new ProbeBench(SEED + 1)
    const alice = bench.newcomer()
    await expect(bench.end(bench.probe(alice, 1), 1, undefined as never)).rejects.toMatchObject({
      code: 'unreachable',
    })
  })
})

describe('probes of one’s own', () => {
  const links = ['10', '20', '30', '40', '50', '60'].map(link)
  const begin = (seed = SEED + 2): ProbeBench => {
    const bench = new ProbeBench(seed)
    bench.links = links
    bench.members = [link('10'), link('99')]
    bench.start()
    return bench
  }
  const rounds = (bench: ProbeBench): ProbeBench['sent'][] =>
    [...new Set(bench.sent.map(({ probe }) => probe.sequence))].map((sequence) =>
      bench.sent.filter(({ probe }) => probe.sequence === sequence),
    )

  it('go out in three copies over three different links, with offsets 0, 1 and -1', async () => {
    const bench = begin()
    await bench.run(3000)
    const options = bench.sent.map((one) => one.options)
    expect(options.map(({ offset }) => offset! + 0)).toEqual([0, 1, -1])
    expect(new Set(options.map(({ via }) => via)).size).toBe(3)
    expect(bench.sent.every(({ probe }) => probe.origin.id === bench.self.id)).toBe(true)
    expect(new Set(bench.sent.map(({ probe }) => probe.chain.join())).size).toBe(3)
  })

  it('begin at other links each time', async () => {
    const bench = begin()
    await bench.run(1_800_000)
    expect(new Set(bench.sent.map(({ options }) => options.via)).size).toBe(links.length)
  })

  it('leave by a ring neighbour with the second copy, and never with that alone', async () => {
    const bench = begin()
    bench.links = Array.from({ length: 16 }, (_, i) => link((0x20 + i).toString(16)))
    bench.members = [link('22'), link('25'), link('99')]
    await bench.run(7_200_000)
    const second = bench.sent.filter(({ probe }) => probe.copy === 1).map(({ options }) => options.via!)
    expect(new Set(second)).toEqual(new Set([link('22'), link('25')]))
    const first = bench.sent.filter(({ probe }) => probe.copy === 0).map(({ options }) => options.via!)
    expect(new Set(first).size).toBeGreaterThan(8)
  })

  it('are one copy, half as often, where every ring neighbour has a link', async () => {
    const [plain, hidden] = [begin(), begin()]
    plain.members = [link('10'), link('20')]
    await Promise.all([plain.run(7_200_000), hidden.run(7_200_000)])
    expect(plain.sent.length / rounds(plain).length).toBe(1)
    expect(hidden.sent.length / rounds(hidden).length).toBe(3)
    expect(rounds(hidden).length / rounds(plain).length).toBeCloseTo(2, 0)
  })

  it('come every 75 s where nothing changes, and every 20 s while the next neighbours do', async () => {
    const quiet = begin()
    await quiet.run(3_600_000)
    const busy = begin()
    for (let i = 0; i < 1200; i++) {
      busy.members = [link(i % 2 ? '10' : '20'), link('99')]
      busy.ringChanged()
      await busy.run(3000)
    }
    expect(Math.round(3600 / rounds(quiet).length / 5) * 5).toBe(75)
    expect(Math.round(3600 / rounds(busy).length / 5) * 5).toBe(20)
  })

  it('come every 20 s while a next neighbour that has no link does not get one', async () => {
    const bench = begin()
    bench.endsAt = link('20')
    await bench.run(1_800_000)
    expect(Math.round(1800 / rounds(bench).length / 5) * 5).toBe(20)
    bench.members = [link('10'), link('20')]
    const before = rounds(bench).length
    await bench.run(1_800_000)
    expect(rounds(bench).length - before).toBeLessThan(before / 3)
  })

  it('never go out twice with one sequence, and carry the clock’s', async () => {
    const bench = begin()
    await bench.run(600_000)
    const sequences = rounds(bench).map(([first]) => first!.probe.sequence)
    expect(new Set(sequences).size).toBe(sequences.length)
    for (const { probe, atMs } of bench.sent)
      expect(probe.sequence).toBe(bench.seconds + Math.floor((atMs - bench.queue.nowMs) / 1000))
  })

  it('may go 24 links at first, then twice as far as the last ones did, eight at least, and twice as far when one was lost', async () => {
    const bench = begin()
    await bench.run(3000)
    bench.answer = { named: [], hops: 11 }
    await bench.run(100_000)
    const limits = rounds(bench).map(([first]) => first!.probe.mostHops)
    expect([limits[0], limits[1], limits.at(-1)]).toEqual([24, 8, 22])
    bench.answer = undefined
    await bench.run(200_000)
    const after = rounds(bench)
      .map(([first]) => first!.probe.mostHops)
      .slice(limits.length)
    expect([after[1], after.at(-1)]).toEqual([44, 128])
    expect(bench.drops.snapshot()['probe: internal']).toBeGreaterThan(0)
  })

  it('tell of the nodes that their ends name', async () => {
    const bench = begin()
    const bob = bench.recordOf(bench.newcomer())
    bench.answer = { named: [bob], hops: 2 }
    await bench.run(3000)
    expect(bench.named).toEqual([bob.id, bob.id, bob.id])
  })

  it('are some three hundred bytes', async () => {
    const bench = begin()
    await bench.run(3000)
    expect(encodeProbe(bench.sent[0]!.probe)).toHaveLength(256)
  })
})
