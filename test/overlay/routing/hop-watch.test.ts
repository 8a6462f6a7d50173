import { expect, it } from 'vitest'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { HopWatch } from '../../../main/overlay/routing/hop-watch.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const PATIENCE_MS = 300

/** When a hop is taken for silent from which packets come at these moments; undefined for never within 10 s. */
async function silentAt(heardMs: readonly number[], cancelledMs = Infinity): Promise<number | undefined> {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const traffic = { receivedPackets: 0 }
  let silentMs: number | undefined
  const around = { clock, timers: new TimerGroup(clock) }
  const watch = new HopWatch(around, { traffic } as unknown as Link, PATIENCE_MS, () => {
    expect(silentMs).toBeUndefined()
    silentMs = queue.nowMs
  })
  for (const atMs of heardMs) queue.at(atMs, () => void traffic.receivedPackets++)
  if (cancelledMs < Infinity) queue.at(cancelledMs, () => watch.cancel())
  await queue.runUntil(10_000)
  return silentMs
}

it('a hop of which nothing is heard is silent when the patience is over', async () => {
  expect(await silentAt([])).toBe(PATIENCE_MS)
})

it('so is one whose last words were on their way when it died', async () => {
  expect(await silentAt([10, 80, 140])).toBe(PATIENCE_MS)
})

it('one that goes on talking is slow, and gets longer until it falls silent, or four times as long', async () => {
  expect(await silentAt([200])).toBe(450)
  expect(await silentAt([200, 400])).toBe(600)
  expect(await silentAt(Array.from({ length: 100 }, (_, i) => 100 * i))).toBe(4 * PATIENCE_MS)
})

it('nothing is said of one that has taken the message', async () => {
  expect(await silentAt([], 200)).toBeUndefined()
  expect(await silentAt([200], 400)).toBeUndefined()
})
