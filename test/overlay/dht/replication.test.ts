// One holder of a record, on a ring whose changes the test makes.

import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { compareDistance, type Id, idFromBytes, type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { type Peers } from '../../../main/overlay/dht/peers.ts'
import { ReplicaStore, rootKeys } from '../../../main/overlay/dht/replica-store.ts'
import { NeighbourLimits } from '../../../main/overlay/dht/neighbour-limits.ts'
import { Replication } from '../../../main/overlay/dht/replication.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Neighbourhood } from '../../../main/overlay/ports/routes.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { decodeOffer } from '../../../main/overlay/wire/dht-messages.ts'
import { recordKey } from '../../../main/overlay/wire/dht-record.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'

const IDS = Array.from({ length: 20 }, (_, n) => idFromBytes(crypto.hash(utf8(`node ${n}`))) as NodeId)

const closest = (root: Id, ids: readonly NodeId[]): NodeId[] =>
  [...ids].sort((a, b) => compareDistance(root, a, b))

async function holder() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const record: DhtRecord = { kind: 'immutable', value: utf8('a note'), expiresAtMs: clock.wallMs() + 1e8 }
  const key = recordKey(crypto, record)
  const roots = rootKeys({ crypto }, key)
  const [self] = closest(roots[0]!, IDS) as [NodeId]
  let members = IDS.filter((id) => id !== self)
  const listeners: (() => void)[] = []
  const offered = new Map<NodeId, number>()
  const peers = {
    to: (id: NodeId) => ({
      id,
      link: undefined,
      send: (message: Uint8Array, acked?: (isDelivered: boolean) => void) => {
        const body = new Reader(message)
        if (body.u8() === MESSAGE.replicaOffer && decodeOffer(body).some((offer) => offer.key === key))
          offered.set(id, (offered.get(id) ?? 0) + 1)
        acked?.(members.includes(id))
      },
    }),
  } as unknown as Peers
  const ring = {
    covers: () => true,
    members: () => members,
    onChange: (listener: () => void) => listeners.push(listener),
  } as unknown as Neighbourhood
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts(), timers: new TimerGroup(clock) },
  }
  const replicas = new ReplicaStore(around, new MemoryStore(), 2 ** 20, self)
  const putAtRoot = (): Promise<boolean> => Promise.resolve(true)
  const limits = new NeighbourLimits(clock)
  const parts = { self, peers, ring, replicas, limits, putAtRoot, isForming: () => false }
  const tested = new Replication(around, parts)
  await replicas.keep(record, 0, self)
  tested.start()
  const changed = (now: readonly NodeId[]): void => {
    members = [...now]
    for (const listener of listeners) listener()
  }
  changed(members)
  await queue.runUntil(10_000)
  return { queue, offered, changed, members: () => members, atOther: () => tested.responsible(roots)[1]! }
}

it('offers the record to all who take the place of four that died at once, though they are found out one by one', async () => {
  const { queue, offered, changed, members, atOther } = await holder()
  const dead = atOther()
  offered.clear()
  for (const [i, id] of dead.entries()) {
    changed(members().filter((each) => each !== id))
    await queue.runUntil(10_000 + (i + 1) * 3000)
  }
  await queue.runUntil(40_000)
  for (const id of atOther()) expect(offered.get(id)).toBeGreaterThanOrEqual(1)
})

it('offers nothing to anybody while nobody comes or goes', async () => {
  const { queue, offered } = await holder()
  offered.clear()
  await queue.runUntil(6 * 3_600_000)
  expect([...offered]).toEqual([])
})
