import { expect, it } from 'vitest'
import { Spaced } from '../../../main/overlay/base/spaced.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

it('does it at once, and what is asked for within the gap once at its end, each key by itself', async () => {
  const queue = new EventQueue()
  const done: [string, number][] = []
  const timers = new TimerGroup(new VirtualClock(queue))
  const spaced = new Spaced<string>({ timers }, 500, (key) => done.push([key, queue.nowMs]))
  for (let i = 0; i < 10; i++) {
    spaced.ask('a')
    await queue.runUntil(queue.nowMs + 100)
  }
  spaced.ask('b')
  await queue.runUntil(5000)
  expect(done).toEqual([
    ['a', 0],
    ['a', 500],
    ['a', 1000],
    ['b', 1000],
  ])
  spaced.ask('a')
  expect(done.at(-1)).toEqual(['a', 5000])
})
