import { expect, it } from 'vitest'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

function group() {
  const queue = new EventQueue()
  return { queue, timers: new TimerGroup(new VirtualClock(queue)), ran: [] as string[] }
}

it('runs what is due, once, and counts what is left', async () => {
  const { queue, timers, ran } = group()
  timers.after(10, () => ran.push('first'))
  const cancelled = timers.after(20, () => ran.push('cancelled'))
  timers.after(30, () => ran.push('last'))
  cancelled.cancel()
  cancelled.cancel()
  expect(timers.pending).toBe(2)
  await queue.runUntil(15)
  expect([ran, timers.pending]).toEqual([['first'], 1])
  await queue.runUntil(60)
  expect([ran, timers.pending]).toEqual([['first', 'last'], 0])
})

it('a timer cancelled after it fired takes none of the others with it', async () => {
  const { queue, timers, ran } = group()
  const fired = timers.after(1, () => ran.push('fired'))
  await queue.runUntil(2)
  timers.after(1, () => ran.push('other'))
  fired.cancel()
  expect(timers.pending).toBe(1)
  await queue.runUntil(5)
  expect(ran).toEqual(['fired', 'other'])
})

it('repeats until it is stopped, and then starts nothing any more', async () => {
  const { queue, timers, ran } = group()
  timers.every(
    () => 10,
    () => ran.push('again'),
  )
  await queue.runUntil(35)
  expect(ran).toEqual(['again', 'again', 'again'])
  timers.stop()
  timers.after(1, () => ran.push('too late')).cancel()
  await queue.runUntil(100)
  expect([ran.length, timers.pending]).toEqual([3, 0])
})
