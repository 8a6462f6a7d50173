import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { RecordList } from '../../../main/overlay/routing/record-list.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'

const LIMIT = 5

function record(number: number): PeerRecord {
  const id = number.toString(16).padStart(64, '0') as NodeId
  return { id, nodeKey: EMPTY, noiseKey: EMPTY, certificate: EMPTY, addresses: [] }
}

const put = fc.record({ number: fc.nat(12), isFirstHand: fc.boolean() })

it('forgets whoever was put longest ago, and those in use last of all, as a plain map would', () => {
  fc.assert(
    fc.property(fc.array(put), fc.uniqueArray(fc.nat(12)), (puts, used) => {
      const isInUse = (id: NodeId): boolean => used.includes(parseInt(id, 16))
      const tested = new RecordList(LIMIT, isInUse)
      const plain = new Map<NodeId, boolean>()
      for (const { number, isFirstHand } of puts) {
        const { id } = record(number)
        tested.put(record(number), isFirstHand)
        plain.delete(id)
        plain.set(id, isFirstHand)
        const others = [...plain.keys()].filter((each) => each !== id)
        if (plain.size > LIMIT) plain.delete(others.find((each) => !isInUse(each)) ?? others[0]!)
      }
      expect(tested.records().map(({ id }) => id)).toEqual([...plain.keys()].sort())
      for (const [id, isFirstHand] of plain) expect(tested.isFirstHand(id)).toBe(isFirstHand)
    }),
  )
})

it('replaces a record without making it young', () => {
  const list = new RecordList(2, () => false)
  list.put(record(1), true)
  list.put(record(2), false)
  const newer = record(1)
  list.replace(newer)
  expect(list.get(newer.id)).toBe(newer)
  list.put(record(3), false)
  expect(list.records().map(({ id }) => Number(id))).toEqual([2, 3])
})

it('finds a record by the front of its id', () => {
  const list = new RecordList(LIMIT, () => false)
  const starting = (front: string): PeerRecord => ({ ...record(7), id: front.padEnd(64, '0') as NodeId })
  for (const front of ['20', '41', '40']) list.put(starting(front), false)
  expect(list.beginning('40')?.id.slice(0, 3)).toBe('400')
  expect(list.beginning('41')?.id.slice(0, 3)).toBe('410')
  expect(list.beginning('30')).toBeUndefined()
  expect(list.beginning('ff')).toBeUndefined()
})
