import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Announcements } from '../../../main/overlay/mesh/announcements.ts'
import { MESH_DEFAULTS } from '../../../main/overlay/mesh/mesh-options.ts'
import { type View } from '../../../main/overlay/mesh/view.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type MessageId } from '../../../main/overlay/wire/mesh-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const EVERY_MS = 50

/** A node that hears something every 50 ms; `over`: how many messages of announcements each of its two lazy neighbours gets. */
function member() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const timers = new TimerGroup(clock)
  const around = {
    ...{ clock, crypto, timers, random: new SeededRandom(1), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts() },
  }
  const lazy = ['a', 'b'].map((digit) => ({ id: digit.repeat(64) as NodeId, isEager: false }))
  const view: Pick<View, 'all'> = { all: () => lazy.values() as ReturnType<View['all']> }
  let [sent, ids, heard] = [0, 0, 0]
  const announcements = new Announcements(around, {
    ...{ view: view as View, options: MESH_DEFAULTS },
    send: (_to, announced) => {
      sent++
      ids += announced.length
    },
  })
  const over = async (ms: number): Promise<number> => {
    const before = sent
    for (let left = ms; left > 0; left -= EVERY_MS) {
      announcements.add(`${heard++}` as MessageId, 1, undefined)
      await queue.runUntil(queue.nowMs + EVERY_MS)
    }
    return (sent - before) / lazy.length
  }
  return { announcements, over, announced: () => ids / lazy.length, heard: () => heard }
}

it('announcements gather for longer in a tree at rest, and no longer than before when it changes', async () => {
  const { announcements, over, announced, heard } = member()
  expect(await over(5000)).toBeGreaterThan(15)
  expect(await over(5000)).toBeLessThan(11)
  announcements.disturbed()
  expect(await over(4500)).toBeGreaterThan(14)
  await over(3000)
  expect(await over(5000)).toBeLessThan(11)
  announcements.alarmUntil(Infinity)
  expect(await over(5000)).toBeGreaterThan(15)
  expect(heard() - announced()).toBeLessThanOrEqual(5)
})
