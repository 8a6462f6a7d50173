import { expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { NeighbourQuestions } from '../../../main/overlay/dht/neighbour-questions.ts'
import { type Peers } from '../../../main/overlay/dht/peers.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { decodeAsk, encodeAnswer } from '../../../main/overlay/wire/dht-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map((digit) => digit.repeat(64)) as [
  ...[NodeId, NodeId, NodeId, NodeId, NodeId],
]
const KEY = '7'.repeat(64) as Id
const RECORD: DhtRecord = { kind: 'immutable', value: utf8('a note'), expiresAtMs: 1 }
const ROUND_TRIP_MS = 50

/** Holders A to E, of whom those in `linked` have a link, and those in `having` the record. */
function questions(linked: readonly NodeId[], having: readonly NodeId[], silent: readonly NodeId[] = []) {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const timers = new TimerGroup(clock)
  const asked: NodeId[] = []
  const peers = {
    to: (id: NodeId) => ({
      id,
      link: linked.includes(id) ? {} : undefined,
      send: (message: Uint8Array) => {
        asked.push(id)
        if (silent.includes(id)) return
        const body = new Reader(message.slice(1))
        const answer = encodeAnswer(decodeAsk(body).token, having.includes(id) ? RECORD : undefined)
        const from = peers.to(id)
        timers.after(ROUND_TRIP_MS, () => tested.onAnswer(from, new Reader(answer.slice(1))))
      },
    }),
  } as unknown as Peers
  const holders = (): NodeId[] => [A, B, C, D, E, A]
  const tested = new NeighbourQuestions({ timers }, { peers, holders, valid: (_key, record) => record })
  return { queue, asked, tested }
}

it('asks all with a link, and the two best placed of the others', async () => {
  const { queue, asked, tested } = questions([D, E], [])
  const answer = tested.ask(KEY, [B])
  await queue.runUntil(1000)
  expect(await answer).toBeUndefined()
  expect(asked).toEqual([A, C, D, E])
})

it('asks once for all who want the same record at the same time, and anew for those who come later', async () => {
  const { queue, asked, tested } = questions([A, B, C, D, E], [C])
  const answers = [tested.ask(KEY, []), tested.ask(KEY, [A])]
  await queue.runUntil(1000)
  expect(await Promise.all(answers)).toEqual([RECORD, RECORD])
  expect(asked).toHaveLength(5)
  void tested.ask(KEY, [])
  expect(asked).toHaveLength(10)
})

it('waits for nobody who is silent where another has the record, and for a while where nobody has', async () => {
  const having = questions([A, B, C, D, E], [C], [A, B])
  const found = having.tested.ask(KEY, [])
  await having.queue.runUntil(ROUND_TRIP_MS)
  expect(await Promise.race([found, 'waits'])).toEqual(RECORD)
  const lacking = questions([A, B, C, D, E], [], [A, B])
  const none = lacking.tested.ask(KEY, [])
  await lacking.queue.runUntil(2000)
  expect(await Promise.race([none, 'waits'])).toBeUndefined()
})
