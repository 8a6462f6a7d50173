import { afterAll, expect, it } from 'vitest'
import { hostClock } from '../../../main/host/clock.ts'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { LevelStore } from '../../../main/host/level-store.ts'
import { hostRandom } from '../../../main/host/random.ts'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { concat, utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { idToBytes, type NodeId } from '../../../main/overlay/base/id.ts'
import { type Surroundings } from '../../../main/overlay/base/surroundings.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { ReplicaStore } from '../../../main/overlay/dht/replica-store.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Store, type StoreWrite } from '../../../main/overlay/ports/store.ts'
import { Writer } from '../../../main/overlay/wire/codec.ts'
import { encodeRecord, recordKey } from '../../../main/overlay/wire/dht-record.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { scratchFolder } from '../../drive/scratch-folder.ts'

const REPLICAS = 100_000
/** Of processor time, which does not depend on what else the machine does; some 1,600 ms. */
const SERVED_WITHIN_MS = 5000
const QUOTA_BYTES = 2 ** 28
const SELF = '0'.repeat(64) as NodeId
const DAY_MS = 86_400_000

function surroundings(): Surroundings {
  return {
    clock: hostClock,
    random: hostRandom,
    crypto,
    log: { log: () => undefined },
    network: networkOf(crypto, 'simulated', 0),
    drops: new DropCounts(),
    timers: new TimerGroup(hostClock),
  }
}

function note(n: number): DhtRecord {
  return { kind: 'immutable', value: utf8(`note ${n}`), expiresAtMs: Date.now() + DAY_MS }
}

function opened(store: Store, around = surroundings()): ReplicaStore {
  return new ReplicaStore(around, store, QUOTA_BYTES, SELF)
}

/** What a store that has kept the record holds: record and index entry. */
function entriesOf(record: DhtRecord): StoreWrite[] {
  const key = idToBytes(recordKey(crypto, record))
  const value = encodeRecord(record)
  const index = new Writer(64).u8(1).u64(0).u64(record.expiresAtMs).u32(value.length).id(SELF).u8(0).finish()
  return [
    { type: 'put', key: concat(utf8('overlay/replica/record/'), key), value },
    { type: 'put', key: concat(utf8('overlay/replica/index/'), key), value: index },
  ]
}

const folder = scratchFolder('replicas')
afterAll(() => folder.remove())

it(`a node with ${REPLICAS} replicas on its disk has them all within ${SERVED_WITHIN_MS} ms of its start`, async () => {
  const store = await LevelStore.open(folder.path)
  for (let from = 0; from < REPLICAS; from += 10_000)
    await store.write(Array.from({ length: 10_000 }, (_, i) => entriesOf(note(from + i))).flat())
  await store.close()
  const begun = process.cpuUsage()
  const again = await LevelStore.open(folder.path)
  const replicas = opened(again)
  await replicas.load()
  const record = await replicas.read(recordKey(crypto, note(4711)))
  const { user, system } = process.cpuUsage(begun)
  expect((user + system) / 1000).toBeLessThan(SERVED_WITHIN_MS)
  expect(replicas.usage.count).toBe(REPLICAS)
  expect(record).toMatchObject({ value: utf8('note 4711') })
  await again.close()
}, 60_000)

it('a damaged entry of the index, or a damaged record, costs no other', async () => {
  const store = new MemoryStore()
  const before = opened(store)
  for (let n = 0; n < 50; n++) expect(await before.keep(note(n), 0, SELF)).toBe('kept')
  const keyOf = (n: number) => idToBytes(recordKey(crypto, note(n)))
  const torn = Uint8Array.of(1, 2, 3)
  await store.write([
    { type: 'put', key: concat(utf8('overlay/replica/index/'), keyOf(7)), value: torn },
    { type: 'put', key: concat(utf8('overlay/replica/record/'), keyOf(8)), value: torn },
  ])
  const around = surroundings()
  const after = opened(store, around)
  await after.load()
  expect(after.usage.count).toBe(49)
  expect(around.drops.snapshot()['replica index: malformed']).toBe(1)
  for (let n = 9; n < 50; n++) expect(await after.read(recordKey(crypto, note(n)))).toBeDefined()
  // What is put, or handed over by a neighbour, takes the torn one's place.
  for (const n of [7, 8]) {
    expect(await after.keep(note(n), 0, SELF)).toBe('kept')
    expect(await after.read(recordKey(crypto, note(n)))).toMatchObject({ value: utf8(`note ${n}`) })
  }
  expect(around.drops.snapshot()['replica: malformed']).toBe(1)
})

it('a record that is found damaged is kept no longer, so that neighbours find it missing', async () => {
  const store = new MemoryStore()
  const around = surroundings()
  const replicas = opened(store, around)
  for (const n of [1, 2]) expect(await replicas.keep(note(n), 0, SELF)).toBe('kept')
  const key = recordKey(crypto, note(1))
  const path = concat(utf8('overlay/replica/record/'), idToBytes(key))
  await store.write([{ type: 'put', key: path, value: Uint8Array.of(1, 2, 3) }])
  expect(await replicas.read(key)).toBeUndefined()
  await new Promise((resolve) => setImmediate(resolve))
  expect(replicas.get(key)).toBeUndefined()
  expect(await store.get(path)).toBeUndefined()
  expect(replicas.usage.count).toBe(1)
})
