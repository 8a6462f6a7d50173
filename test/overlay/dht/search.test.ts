import { describe, expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { THOROUGH } from '../../../main/overlay/dht/redundancy.ts'
import { Search } from '../../../main/overlay/dht/search.ts'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [NodeId, NodeId, NodeId]
const AGREEING = THOROUGH.agreeing
const NODES = Array.from({ length: AGREEING }, (_, i) => i.toString(16).repeat(64) as NodeId)
const HALF = AGREEING / 2
type Said = [number, NodeId, DhtRecord | undefined]

function signed(sequence: number): DhtRecord {
  const [publicKey, salt, signature] = [new Uint8Array(32), utf8('s'), new Uint8Array(64)]
  return { kind: 'signed', publicKey, salt, sequence, value: utf8(`${sequence}`), expiresAtMs: 1, signature }
}

const immutable: DhtRecord = { kind: 'immutable', value: utf8('x'), expiresAtMs: 1 }

describe('a read', () => {
  const cases: { name: string; answers: Said[]; isSettled: boolean }[] = [
    { name: 'without answers waits', answers: [], isSettled: false },
    { name: 'waits for more than "none"', answers: [[0, A, undefined]], isSettled: false },
    { name: 'takes the first immutable record', answers: [[0, A, immutable]], isSettled: true },
    { name: 'does not take one node’s word for the newest', answers: [[0, A, signed(2)]], isSettled: false },
    {
      name: 'does not take that of one short of enough where one is against it',
      answers: [[0, C, undefined], ...NODES.slice(1).map((id, i): Said => [i % 2, id, signed(2)])],
      isSettled: false,
    },
    {
      name: 'takes that of enough nodes, whoever is against it',
      answers: [[0, C, undefined], ...NODES.map((id, i): Said => [i % 2, id, signed(2)])],
      isSettled: true,
    },
    {
      name: 'does not count one node twice',
      answers: [...NODES.slice(0, HALF - 1), NODES[0]!].map((id, i) => [i % 2, id, signed(2)]),
      isSettled: false,
    },
    {
      name: 'waits where one more knows a newer one',
      answers: [...NODES.map((id, i): Said => [i % 2, id, signed(2)]), [0, C, signed(3)]],
      isSettled: false,
    },
  ]
  it.each(cases)('$name', ({ answers, isSettled }) => {
    const search = new Search(undefined, AGREEING)
    for (const [rootIndex, responder, record] of answers) search.answered({ rootIndex, responder, record })
    expect(search.isSettled).toBe(isSettled)
  })

  it('takes the word of half as many where they stand at both roots, and none is against it', () => {
    const said = (roots: readonly number[], ...more: Said[]): boolean => {
      const search = new Search(undefined, AGREEING)
      const half = NODES.slice(0, HALF).map((id, i): Said => [roots[i % roots.length]!, id, signed(2)])
      for (const [rootIndex, responder, record] of [...half, ...more])
        search.answered({ rootIndex, responder, record })
      return search.isSettled
    }
    expect(said([0, 1])).toBe(true)
    expect(said([0])).toBe(false)
    expect(said([-1, 0, 0])).toBe(false)
    expect(said([0, 1], [1, C, undefined])).toBe(false)
    expect(said([0, 1], [1, C, signed(1)])).toBe(false)
  })

  it('asks for the agreement of fewer where there are no more', () => {
    const search = new Search(undefined, 2)
    search.answered({ rootIndex: 0, responder: A, record: signed(2) })
    expect(search.isSettled).toBe(false)
    search.answered({ rootIndex: 1, responder: B, record: signed(2) })
    expect(search.isSettled).toBe(true)
  })

  it('repairs the roots that answered with less than the best, and tells of each newer answer', () => {
    const heard: number[] = []
    const search = new Search(
      (record) => heard.push(record.kind === 'signed' ? record.sequence : 0),
      AGREEING,
    )
    search.answered({ rootIndex: -1, responder: C, record: signed(1) })
    search.answered({ rootIndex: 0, responder: A, record: signed(3) })
    search.answered({ rootIndex: 1, responder: B, record: signed(2) })
    expect(heard).toEqual([1, 3])
    expect(search.behind()).toEqual([1])
  })
})
