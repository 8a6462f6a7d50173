import { describe, expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const LINK = 'f'.repeat(64) as NodeId

function idOf(start: string): NodeId {
  return start.padEnd(64, '0') as NodeId
}

/** Probes of these origins, one after another, from so many hops away. */
function targets(rangeDigits: number | undefined, ...probes: [string, number][]): string[] {
  const limits = { origins: 10, lifeMs: 1000, rangeDigits }
  const records = new NextHopRecords(new VirtualClock(new EventQueue()), limits)
  for (const [start, hops] of probes) records.add(idOf(start), { link: LINK, sequence: 1, hops })
  const held = [...records.entries()].map(({ target }) => target)
  for (const id of held) expect(records.closest(id, () => true)).toBe(id)
  return held.map((id) => id.slice(0, 3)).sort()
}

describe('one record for a range of ids', () => {
  it.each<[string, number | undefined, [string, number][], string[]]>([
    [
      'off: each for itself',
      undefined,
      [
        ['ab1', 2],
        ['ab2', 3],
      ],
      ['ab1', 'ab2'],
    ],
    [
      'the nearer stays',
      2,
      [
        ['ab1', 2],
        ['ab2', 3],
      ],
      ['ab1'],
    ],
    [
      'a nearer one takes its place',
      2,
      [
        ['ab1', 3],
        ['ab2', 2],
      ],
      ['ab2'],
    ],
    [
      'of two as near, the first',
      2,
      [
        ['ab1', 2],
        ['ab2', 2],
      ],
      ['ab1'],
    ],
    [
      'ranges apart',
      2,
      [
        ['ab1', 2],
        ['ac1', 3],
        ['ac2', 2],
      ],
      ['ab1', 'ac2'],
    ],
    [
      'the same origin again',
      2,
      [
        ['ab1', 2],
        ['ab1', 3],
      ],
      ['ab1'],
    ],
  ])('%s', (_name, digits, probes, held) => {
    expect(targets(digits, ...probes)).toEqual(held)
  })
})
