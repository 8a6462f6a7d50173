import { expect, it } from 'vitest'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Settling } from '../../../main/overlay/dht/settling.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

function settling(isForming: (nowMs: number) => boolean = () => false) {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const settledMs: number[] = []
  const around = { clock, timers: new TimerGroup(clock) }
  const tested = new Settling(
    around,
    () => isForming(queue.nowMs),
    () => settledMs.push(queue.nowMs),
  )
  const changes = async (isLoss: boolean, atMs: readonly number[]): Promise<void> => {
    for (const ms of atMs) {
      await queue.runUntil(ms)
      tested.changed(isLoss)
    }
    await queue.runUntil(60_000)
  }
  return { settledMs, changes, tested, queue }
}

it('looks at the records once where newcomers follow one another', async () => {
  const { settledMs, changes } = settling()
  await changes(false, [0, 900, 1800, 2700])
  expect(settledMs).toEqual([3700])
})

it('does not wait for the end of newcomers that keep coming', async () => {
  const { settledMs, changes } = settling()
  await changes(
    false,
    Array.from({ length: 20 }, (_, i) => i * 900),
  )
  expect(settledMs).toEqual([10_000, 18_100])
})

it('looks within a second of a loss, though others go or come meanwhile', async () => {
  const { settledMs, changes, tested, queue } = settling()
  tested.changed(false)
  await queue.runUntil(100)
  tested.changed(true)
  await queue.runUntil(600)
  tested.changed(false)
  await changes(true, [900])
  expect(settledMs).toEqual([1100])
})

it('waits while all around have only just started', async () => {
  const { settledMs, changes } = settling((nowMs) => nowMs < 5500)
  await changes(false, [0])
  expect(settledMs).toEqual([6000])
})
