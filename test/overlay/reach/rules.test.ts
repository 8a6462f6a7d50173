// The pure rules of finding out: what follows from sightings, from ports, from gaps.

import { describe, expect, it } from 'vitest'
import { type ReachFindings, type ReachKind } from '../../../main/overlay/api.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import {
  type GapSearch,
  keepAliveOf,
  NEW_SEARCH,
  nextGapMs,
  tried,
} from '../../../main/overlay/reach/gap-search.ts'
import { reachKind } from '../../../main/overlay/reach/reach-kind.ts'
import { judgePorts } from '../../../main/overlay/reach/port-steps.ts'
import {
  agreedAddress,
  judgeMapping,
  type Sighting,
  verdictOn,
} from '../../../main/overlay/reach/sightings.ts'

const at = (host: string, port: number): Address => ({ host, port })
const HOME = '198.18.200.1'

/** Observer n of an owner of its own sees us there. */
function sightings(...seen: (Address | number)[]): Sighting[] {
  return seen.map((address, n) => ({
    observer: at(`198.18.${n}.1`, 4000),
    address: typeof address === 'number' ? at(HOME, address) : address,
  }))
}

const LIE = at('198.19.66.6', 53)

describe('where others see us', () => {
  it.each<[string, Sighting[], Address | undefined, string]>([
    ['nobody', [], undefined, 'unknown'],
    ['one alone', sightings(7), undefined, 'unknown'],
    ['two that agree', sightings(7, 7), at(HOME, 7), 'endpoint-independent'],
    ['two hosts, one each', sightings(7, LIE), undefined, 'unknown'],
    ['a liar among three', sightings(LIE, 7, 7), at(HOME, 7), 'endpoint-independent'],
    ['a liar about the port', sightings(9, 7, 7), at(HOME, 7), 'endpoint-independent'],
    ['a port for each', sightings(7, 8, 9), at(HOME, 9), 'dependent'],
    ['two ports: one may lie', sightings(7, 8), at(HOME, 8), 'unknown'],
    ['a port for each, and a liar', sightings(7, LIE, 8, 9), at(HOME, 9), 'dependent'],
  ])('%s', (_name, seen, agreed, mapping) => {
    expect(agreedAddress(seen)).toEqual(agreed)
    expect(judgeMapping(seen, false)).toBe(mapping)
  })

  it('many observers of one owner are one', () => {
    const liars = [1, 2, 3].map((n) => ({ observer: at(`198.18.66.${n}`, 4000), address: LIE }))
    const honest = sightings(7, 7)
    expect(agreedAddress([...liars, ...honest])).toEqual(at(HOME, 7))
  })

  it('two of two that disagree are enough where nobody else is left to ask', () => {
    expect(judgeMapping(sightings(7, 8), true)).toBe('dependent')
  })

  it.each([
    ['198.18.1.1', HOME, 'good'],
    ['198.18.1.1', '192.168.1.2', 'not-public'],
    ['198.18.1.1', '127.0.0.1', 'not-public'],
    ['198.18.1.1', '2001:db8::1', 'wrong-family'],
    ['2001:db8::1', '100::5', 'not-public'],
    ['2001:db8::1', '2001:db8:7::1', 'good'],
    ['192.168.1.9', '192.168.1.2', 'local'],
    ['fd00::1', '100::5', 'not-public'],
  ])('%s sees us at %s: %s', (observer, address, verdict) => {
    expect(verdictOn({ observer: at(observer, 1), address: at(address, 1) })).toBe(verdict)
  })
})

describe('what it comes to', () => {
  const easy: ReachFindings = {
    isTranslated: true,
    isPublic: false,
    mapping: 'endpoint-independent',
    filtering: 'address-dependent',
    portAssignment: { kind: 'random' },
    reflexive: at(HOME, 7),
    evidence: {
      sightings: [],
      otherPort: '',
      strangers: { asked: 0, arrived: 0 },
      isCalledByStrangers: false,
      otherPorts: { asked: 0, arrived: 0 },
      freshPorts: [],
    },
    measuredAtMs: 0,
  }

  it.each<[Partial<ReachFindings>, ReachKind]>([
    [{ isPublic: true }, 'public'],
    [{ filtering: 'endpoint-independent' }, 'open'],
    [{}, 'punchable'],
    [{ filtering: 'unknown' }, 'punchable'],
    [{ mapping: 'address-dependent' }, 'hard'],
    [{ mapping: 'address-dependent', portAssignment: { kind: 'sequential', delta: 1 } }, 'hard-sequential'],
    [{ mapping: 'address-and-port-dependent', filtering: 'endpoint-independent' }, 'hard'],
  ])('%j: %s', (changes, kind) => {
    expect(reachKind({ ...easy, ...changes }, true)).toBe(kind)
  })

  it('without findings: blocked where nothing is answered, else unknown', () => {
    expect([reachKind(undefined, true), reachKind(undefined, false)]).toEqual(['blocked', 'unknown'])
  })
})

describe('how ports are given out', () => {
  it.each([
    ['too few', [[5, 5]], 'unknown'],
    [
      'kept',
      [
        [5, 5],
        [6, 6],
        [7, 7],
      ],
      'preserving',
    ],
    [
      'one after another',
      [
        [5, 900],
        [6, 901],
        [7, 902],
      ],
      'sequential 1',
    ],
    [
      'downwards by two',
      [
        [5, 900],
        [6, 898],
        [7, 896],
      ],
      'sequential -2',
    ],
    [
      'with others in between',
      [
        [5, 900],
        [6, 905],
        [7, 907],
        [8, 909],
      ],
      'sequential 2',
    ],
    [
      'to and fro',
      [
        [5, 900],
        [6, 905],
        [7, 903],
      ],
      'random',
    ],
    [
      'anywhere',
      [
        [5, 900],
        [6, 61_234],
        [7, 2_000],
      ],
      'random',
    ],
    [
      'the same twice',
      [
        [5, 900],
        [5, 900],
        [5, 900],
      ],
      'random',
    ],
  ] as [string, [number, number][], string][])('%s', (_name, pairs, words) => {
    const found = judgePorts(pairs.map(([inside, outside]) => ({ inside, outside })))
    expect(found.kind + (found.kind === 'sequential' ? ` ${found.delta}` : '')).toBe(words)
  })
})

describe('the search for the longest gap', () => {
  /** Against a binding that is forgotten after so long; the gaps that were tried. */
  function searched(timeoutMs: number): { search: GapSearch; gaps: number[] } {
    let search = NEW_SEARCH
    const gaps: number[] = []
    for (let gapMs = nextGapMs(search); gapMs !== undefined; gapMs = nextGapMs(search)) {
      gaps.push(gapMs)
      search = tried(search, gapMs, gapMs < timeoutMs)
      if (gaps.length > 20) throw new Error('does not end')
    }
    return { search, gaps }
  }

  it.each([5_000, 10_000, 20_000, 30_000, 60_000, 90_000, 119_000, 180_000, 3_600_000])(
    'ends just inside %i ms',
    (timeoutMs) => {
      const { search, gaps } = searched(timeoutMs)
      const keepAliveMs = keepAliveOf(search)!
      expect(keepAliveMs).toBeLessThan(timeoutMs)
      expect(keepAliveMs).toBeGreaterThanOrEqual(Math.min(0.8 * timeoutMs, 120_000))
      expect(gaps.length).toBeLessThanOrEqual(9)
    },
  )

  it('says nothing where even the shortest gap is too long', () => {
    expect(keepAliveOf(searched(1_000).search)).toBeUndefined()
  })
})
