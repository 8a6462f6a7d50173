import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { ReplicaStore } from '../../../main/overlay/dht/replica-store.ts'
import { Sweeping } from '../../../main/overlay/dht/sweeping.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { recordKey } from '../../../main/overlay/wire/dht-record.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'

const SELF = '0'.repeat(64) as NodeId
const DAY_MS = 86_400_000

it('what is on the disk from times of more space goes with the next sweep, what ends soonest first', async () => {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), network: networkOf(crypto, 'simulated', 0) },
    ...{ log: { log: () => undefined }, drops: new DropCounts(), timers: new TimerGroup(clock) },
  }
  const store = new MemoryStore()
  const before = new ReplicaStore(around, store, 1e6, SELF)
  const notes = Array.from({ length: 20 }, (_, n) => ({
    kind: 'immutable' as const,
    value: utf8(`note ${10 + n}`),
    expiresAtMs: clock.wallMs() + (n + 1) * DAY_MS,
  }))
  for (const note of notes) expect(await before.keep(note, 0, SELF)).toBe('kept')
  const quotaBytes = before.usage.bytes / 4
  const after = new ReplicaStore(around, store, quotaBytes, SELF)
  await after.load()
  expect(after.usage.count).toBe(20)
  new Sweeping(around, after, () => () => true).start()
  await queue.runUntil(queue.nowMs + 3_600_000)
  expect(after.usage.bytes).toBeLessThanOrEqual(quotaBytes)
  expect(after.usage.count).toBe(5)
  expect(after.get(recordKey(crypto, notes[19]!))).toBeDefined()
})
