import { describe, expect, it } from 'vitest'
import { toHex } from '../../../main/overlay/base/bytes.ts'
import { AgreedCuts } from '../../../main/overlay/mesh/agreed-cuts.ts'
import { Arrivals } from '../../../main/overlay/mesh/arrivals.ts'
import { type MessageId } from '../../../main/overlay/wire/mesh-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const APART_MS = 2000
const random = new SeededRandom(7)
const ids = Array.from({ length: 4096 }, () => toHex(random.bytes(16)) as MessageId)

/** A member; `hear`: messages that come one after another, evenly spread over a time; `share`: of all ids, those that would cut. */
function member() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const arrivals = new Arrivals(clock)
  const cuts = new AgreedCuts(clock, arrivals, APART_MS)
  const wait = (ms: number): Promise<void> => queue.runUntil(queue.nowMs + ms)
  const hear = async (count: number, withinMs: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      arrivals.add()
      if (i < count - 1) await wait(withinMs / count)
    }
  }
  const cutting = (): MessageId[] => ids.filter((id) => cuts.isCutting(id))
  return { wait, hear, cutting, share: () => cutting().length / ids.length }
}

describe('a message that cuts', () => {
  it('is any, where one comes at a time, and one of many where many are on their way', async () => {
    const { hear, wait, share } = member()
    await hear(1, 0)
    expect(share()).toBe(1)
    await wait(APART_MS + 1)
    await hear(10, APART_MS)
    expect(share()).toBeCloseTo(1 / 16, 1)
    await hear(40, APART_MS)
    expect(share()).toBeGreaterThan(0.005)
    expect(share()).toBeLessThan(0.03)
    await wait(APART_MS + 1)
    await hear(1, 0)
    expect(share()).toBe(1)
  })

  it('is the same for members that have heard a little more or less', async () => {
    const [one, other] = [member(), member()]
    await one.hear(10, APART_MS)
    await other.hear(14, APART_MS)
    expect(other.cutting()).toEqual(one.cutting())
    await other.hear(40, APART_MS)
    for (const id of other.cutting()) expect(one.cutting()).toContain(id)
  })
})
