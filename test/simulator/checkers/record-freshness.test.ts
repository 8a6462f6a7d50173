import { describe, expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { MAX_HOPS } from '../../../main/overlay/wire/routed-message.ts'
import {
  RecordFreshness,
  type RecordFindings,
  type RecordKeeper,
} from '../../../simulator/checkers/record-freshness.ts'

const NOW_MS = 1_000_000
const TARGET = 9

/** A record for the target. */
interface Record {
  link: number
  hops: number
  expiresMs?: number
}

function idOf(number: number): NodeId {
  return String(number).padStart(64, '0') as NodeId
}

function keeper(number: number, links: number[], record?: Record): RecordKeeper {
  const { link = 0, hops = 0, expiresMs = NOW_MS + 60_000 } = record ?? {}
  const way = { target: idOf(TARGET), link: idOf(link), hops, sequence: 1, expiresMs }
  return {
    id: idOf(number),
    number,
    node: { unicastWays: record ? [way] : [] },
    links: { get: (id) => (links.some((each) => idOf(each) === id) ? { isOpen: true } : undefined) },
  }
}

/** Looks at the first of them. */
function look(...hosts: RecordKeeper[]): RecordFindings {
  const freshness = new RecordFreshness()
  freshness.look(hosts.slice(0, 1), hosts, NOW_MS)
  return freshness.findings
}

const end = keeper(TARGET, [3])

describe('the checker of records', () => {
  it('walks a way to its target', () => {
    const found = look(
      keeper(1, [2], { link: 2, hops: 3 }),
      keeper(2, [1, 3], { link: 3, hops: 2 }),
      keeper(3, [2, TARGET]),
      end,
    )
    expect(found).toMatchObject({ looked: 1, stale: 0, walked: 1, broken: 0, violations: 0 })
  })

  it.each<[string, RecordKeeper[]]>([
    ['the next node knows no way on', [keeper(2, [1, 3]), keeper(3, [2, TARGET]), end]],
    ['the next node is gone', [keeper(3, [TARGET]), end]],
    ['hops do not fall', [keeper(2, [1, 3], { link: 3, hops: 3 }), keeper(3, [2, TARGET]), end]],
    [
      'a record farther on has expired',
      [keeper(2, [1, 3], { link: 3, hops: 2, expiresMs: NOW_MS }), keeper(3, [2, TARGET]), end],
    ],
    ['a link farther on is down', [keeper(2, [1], { link: 3, hops: 2 }), keeper(4, [TARGET]), end]],
    ['the target is gone', [keeper(2, [1, 3], { link: 3, hops: 2 }), keeper(3, [2, TARGET])]],
    ['two point at each other', [keeper(2, [1], { link: 1, hops: 2 }), end]],
  ])('counts a way as broken where %s', (_name, others) => {
    const found = look(keeper(1, [2], { link: 2, hops: 3 }), ...others)
    expect(found).toMatchObject({ walked: 1, broken: 1, violations: 0 })
  })

  it.each<[string, Record, number, number]>([
    ['expired, and not swept yet', { link: 2, hops: 2, expiresMs: NOW_MS - 100_000 }, 1, 0],
    ['expired long ago', { link: 2, hops: 2, expiresMs: NOW_MS - 180_000 }, 1, 1],
    ['over a link that is gone', { link: 3, hops: 2 }, 0, 1],
    ['of one hop, which is a link', { link: 2, hops: 1 }, 0, 1],
    ['of more hops than a message takes', { link: 2, hops: MAX_HOPS + 1 }, 0, 1],
  ])('judges a record %s', (_name, record, stale, violations) => {
    const found = look(keeper(1, [2], record), keeper(2, [1, TARGET]), end)
    expect(found).toMatchObject({ looked: 1, stale, violations })
    expect(found.examples).toHaveLength(violations)
    expect(found.walked).toBe(1 - stale)
  })
})
