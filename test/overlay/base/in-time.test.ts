import { expect, it } from 'vitest'
import { inTime, pause } from '../../../main/overlay/base/in-time.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

it('is what comes in time, its error, or nothing, and leaves no timer', async () => {
  const queue = new EventQueue()
  const timers = new TimerGroup(new VirtualClock(queue))
  expect(await inTime(timers, 100, Promise.resolve('here'))).toBe('here')
  await expect(inTime(timers, 100, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  const late = inTime(timers, 100, new Promise<string>(() => undefined))
  await queue.runUntil(100)
  expect(await late).toBeUndefined()
  expect(timers.pending).toBe(0)
})

it('a pause lasts as long as it says', async () => {
  const queue = new EventQueue()
  const timers = new TimerGroup(new VirtualClock(queue))
  let isOver = false
  void pause(timers, 100).then(() => (isOver = true))
  await queue.runUntil(99)
  expect(isOver).toBe(false)
  await queue.runUntil(100)
  expect(isOver).toBe(true)
})
