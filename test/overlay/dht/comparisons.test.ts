import { expect, it } from 'vitest'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { Comparisons } from '../../../main/overlay/dht/comparisons.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [NodeId, NodeId, NodeId, NodeId]
const MINUTE_MS = 60_000

function comparisons(linked: readonly NodeId[]) {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const talks: { id: NodeId; atMs: number }[] = []
  const around = { clock, random: new SeededRandom(5), timers: new TimerGroup(clock) }
  const tested = new Comparisons(around, {
    sharers: () => [A, B, C, D],
    isLinked: (id) => linked.includes(id),
    compare: (id) => talks.push({ id, atMs: queue.nowMs }),
  })
  tested.unsettled()
  return { queue, talks, tested }
}

it('become rare where nothing happens: a dozen in the first half day, one an hour from then on', async () => {
  const { queue, talks } = comparisons([A, B, C, D])
  await queue.runUntil(12 * 60 * MINUTE_MS)
  expect(talks.length).toBeLessThan(18)
  const pauses = talks.slice(1).map(({ atMs }, i) => atMs - talks[i]!.atMs)
  expect(pauses[0]).toBeLessThan(5 * MINUTE_MS)
  for (const pause of pauses.slice(6)) expect(pause).toBeGreaterThan(45 * MINUTE_MS)
})

it('are due within minutes again where somebody came or went, however often', async () => {
  const { queue, talks, tested } = comparisons([A, B, C, D])
  await queue.runUntil(600 * MINUTE_MS)
  talks.length = 0
  for (let i = 0; i < 100; i++) {
    await queue.runUntil(600 * MINUTE_MS + i * 10_000)
    tested.unsettled()
  }
  expect(talks.length).toBeGreaterThan(4)
  expect(new Set(talks.map(({ id }) => id)).size).toBe(4)
})

it('go over others one time in four, and to all in turn', async () => {
  const { queue, talks, tested } = comparisons([A, B])
  for (let i = 0; i < 400; i++) {
    await queue.runUntil(i * 10_000)
    tested.unsettled()
  }
  const ids = talks.map(({ id }) => id)
  expect(ids.slice(0, 8)).toEqual([A, B, A, C, B, A, B, D])
})
