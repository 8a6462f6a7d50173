import { expect, it } from 'vitest'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Retries } from '../../../main/overlay/dht/retries.ts'
import { type ReplicaOffer } from '../../../main/overlay/wire/dht-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [A, B, GONE] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [NodeId, NodeId, NodeId]

function offer(digit: string, rootIndex = 0): ReplicaOffer {
  return { rootIndex, key: digit.repeat(64) as Id, sequence: 1, expiresAtMs: 1 }
}

function retries() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const done: string[] = []
  const tested: Retries = new Retries(
    { clock, timers: new TimerGroup(clock) },
    {
      members: () => [A, B],
      compare: (id) => done.push(`${queue.nowMs} compare ${id[0]}`),
      offer: (id, offers) => {
        done.push(`${queue.nowMs} offer ${id[0]} ${offers.map(({ key }) => key[0]).join('')}`)
        tested.unheard(id, offers)
      },
    },
  )
  return { queue, done, tested }
}

it('compare once, however much was missed, and offer what was not heard, to those who are still there', async () => {
  const { queue, done, tested } = retries()
  for (const id of [A, A, GONE]) tested.missed(id)
  tested.unheard(B, [offer('1'), offer('2')])
  tested.unheard(B, [offer('2')])
  tested.unheard(GONE, [offer('1')])
  await queue.runUntil(3000)
  expect(done).toEqual(['2000 compare a', '2000 offer b 12'])
})

it('wait ever longer, a minute at most', async () => {
  const { queue, done, tested } = retries()
  tested.unheard(B, [offer('1')])
  await queue.runUntil(300_000)
  const times = done.map((each) => Number(each.split(' ')[0]) / 1000)
  expect(times).toEqual([2, 6, 14, 30, 62, 122, 182, 242])
})
