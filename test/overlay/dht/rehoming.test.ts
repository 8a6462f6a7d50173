import { expect, it } from 'vitest'
import { type Id } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Rehoming } from '../../../main/overlay/dht/rehoming.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [ONE, TWO] = ['1'.repeat(64) as Id, '2'.repeat(64) as Id]

function rehoming(answers: boolean[]) {
  const queue = new EventQueue()
  const puts: { key: Id; rootIndex: number; atMs: number }[] = []
  const put = (key: Id, rootIndex: number): Promise<boolean> => {
    puts.push({ key, rootIndex, atMs: queue.nowMs })
    return Promise.resolve(answers.shift() ?? true)
  }
  return { queue, puts, tested: new Rehoming(new TimerGroup(new VirtualClock(queue)), put) }
}

it('puts each record once at each root, below the rate that a root takes', async () => {
  const { queue, puts, tested } = rehoming([])
  for (let i = 0; i < 3; i++) for (const rootIndex of [0, 1]) tested.add(ONE, rootIndex)
  tested.add(TWO, 0)
  await queue.runUntil(10_000)
  expect(puts.map(({ key, rootIndex }) => `${rootIndex} ${key[0]}`)).toEqual(['0 1', '1 1', '0 2'])
  expect(puts[2]!.atMs - puts[0]!.atMs).toBeGreaterThanOrEqual(2 * 200)
})

it('tries again what did not arrive, ever less often, and the others meanwhile', async () => {
  const { queue, puts, tested } = rehoming([false, true, false, false])
  tested.add(ONE, 0)
  tested.add(TWO, 1)
  await queue.runUntil(60_000)
  expect(puts.map(({ key }) => key[0])).toEqual(['1', '2', '1', '1', '1'])
  const pauses = puts.slice(1).map(({ atMs }, i) => atMs - puts[i]!.atMs)
  expect(pauses).toEqual([2000, 250, 2000, 4000])
  tested.add(TWO, 0)
  await queue.runUntil(61_000)
  expect(puts.length).toBe(6)
})
