import { describe, expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { Search } from '../../../main/overlay/dht/search.ts'

const AGREEING = 6
type Said = [number, DhtRecord | undefined]

/** Along so many ways, of both roots in turn. */
function along(ways: number, record: DhtRecord): Said[] {
  return Array.from({ length: ways }, (_, i) => [i % 2, record])
}

function signed(sequence: number): DhtRecord {
  const [publicKey, salt, signature] = [new Uint8Array(32), utf8('s'), new Uint8Array(64)]
  return { kind: 'signed', publicKey, salt, sequence, value: utf8(`${sequence}`), expiresAtMs: 1, signature }
}

const immutable: DhtRecord = { kind: 'immutable', value: utf8('x'), expiresAtMs: 1 }

describe('a read', () => {
  const cases: { name: string; answers: Said[]; isSettled: boolean }[] = [
    { name: 'without answers waits', answers: [], isSettled: false },
    { name: 'waits for more than "none"', answers: [[0, undefined]], isSettled: false },
    { name: 'takes the first immutable record', answers: [[0, immutable]], isSettled: true },
    { name: 'does not take one answer for the newest', answers: [[0, signed(2)]], isSettled: false },
    {
      name: 'does not take that of one way short of enough, though nobody is against it',
      answers: along(AGREEING - 1, signed(2)),
      isSettled: false,
    },
    {
      name: 'takes that of enough ways, whoever is against it',
      answers: [[0, undefined], [1, signed(1)], ...along(AGREEING, signed(2))],
      isSettled: true,
    },
    {
      name: 'does not count its own copy as a way',
      answers: [[-1, signed(2)], ...along(AGREEING - 1, signed(2))],
      isSettled: false,
    },
    {
      name: 'waits where one more knows a newer one',
      answers: [...along(AGREEING, signed(2)), [0, signed(3)]],
      isSettled: false,
    },
  ]
  it.each(cases)('$name', ({ answers, isSettled }) => {
    const search = new Search(undefined)
    for (const [rootIndex, record] of answers) search.answered({ rootIndex, record })
    expect(search.isSettled(AGREEING)).toBe(isSettled)
  })

  it('repairs the roots that answered with less than the best, and tells of each newer answer', () => {
    const heard: number[] = []
    const search = new Search((record) => heard.push(record.kind === 'signed' ? record.sequence : 0))
    search.answered({ rootIndex: -1, record: signed(1) })
    search.answered({ rootIndex: 0, record: signed(3) })
    search.answered({ rootIndex: 1, record: signed(2) })
    expect(heard).toEqual([1, 3])
    expect(search.behind()).toEqual([1])
  })
})
