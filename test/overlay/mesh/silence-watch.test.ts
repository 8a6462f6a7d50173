import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Arrivals } from '../../../main/overlay/mesh/arrivals.ts'
import { SilenceWatch } from '../../../main/overlay/mesh/silence-watch.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

/** A member of a mesh; `asked`: how long after the last message it asked. */
function member() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const around = {
    ...{ clock, crypto, timers: new TimerGroup(clock), random: new SeededRandom(1) },
    ...{ log: { log: () => undefined }, network: networkOf(crypto, 'simulated', 0), drops: new DropCounts() },
  }
  const arrivals = new Arrivals(clock)
  const asked: number[] = []
  let lastMs = 0
  const watch = new SilenceWatch(around, arrivals, () => asked.push(queue.nowMs - lastMs))
  const wait = (ms: number): Promise<void> => queue.runUntil(queue.nowMs + ms)
  const hear = async (count: number, everyMs: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      if (i > 0) await wait(everyMs)
      lastMs = queue.nowMs
      arrivals.add()
      watch.heard()
    }
  }
  return { asked, hear, wait, watch }
}

describe('a silence', () => {
  it('is asked about twice in a mesh that was busy, and not while messages come', async () => {
    const { asked, hear, wait } = member()
    await hear(40, 200)
    expect(asked).toEqual([])
    await wait(60_000)
    expect(asked).toEqual([2000, 4000])
  })

  it('is longer where messages are further apart', async () => {
    const { asked, hear, wait } = member()
    await hear(20, 1000)
    await wait(60_000)
    expect(asked).toEqual([6000])
  })

  it('is none where messages are rare or few, nor in a mesh that was left', async () => {
    const rare = member()
    await rare.hear(40, 2000)
    await rare.wait(60_000)
    const few = member()
    await few.hear(10, 100)
    await few.wait(60_000)
    const gone = member()
    await gone.hear(40, 200)
    gone.watch.stop()
    await gone.wait(60_000)
    expect([...rare.asked, ...few.asked, ...gone.asked]).toEqual([])
  })

  it('ends with the next message, and may come again', async () => {
    const { asked, hear, wait } = member()
    await hear(40, 200)
    await wait(3000)
    await hear(40, 200)
    expect(asked).toEqual([2000])
    await wait(3000)
    expect(asked).toEqual([2000, 2000])
  })
})
