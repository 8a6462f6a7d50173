import { describe, expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { type Bytes, utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { compareDistance, type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { Puts } from '../../../main/overlay/dht/puts.ts'
import { THOROUGH } from '../../../main/overlay/dht/redundancy.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type KeyPair } from '../../../main/overlay/ports/crypto.ts'
import { type Neighbourhood, type Routes } from '../../../main/overlay/ports/routes.ts'
import {
  decodePut,
  decodePutReply,
  decodeStored,
  encodePutReply,
  type PutReply,
} from '../../../main/overlay/wire/dht-messages.ts'
import { signRecord } from '../../../main/overlay/wire/dht-record.ts'
import { RECEIPT_BYTES, signReceipt } from '../../../main/overlay/wire/kept-receipt.ts'
import { nodeIdOf } from '../../../main/overlay/wire/peer-record.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { expectNoInternalError } from '../wire/any-bytes.ts'

const EXPIRES_AT_MS = new VirtualClock(new EventQueue()).wallMs() + 3_600_000
const NOTE: DhtRecord = { kind: 'immutable', value: utf8('a note'), expiresAtMs: EXPIRES_AT_MS }
const AUTHOR = crypto.signingKeyPair(new Uint8Array(32).fill(9))

function version(sequence: number): DhtRecord {
  const fields = { salt: utf8('profile'), sequence, value: utf8(`v${sequence}`), expiresAtMs: EXPIRES_AT_MS }
  return signRecord(crypto, AUTHOR, fields)
}

interface Holder {
  id: NodeId
  pair: KeyPair
}

const random = new SeededRandom(71)
const RING: Holder[] = Array.from({ length: 200 }, () => {
  const pair = crypto.signingKeyPair(random.bytes(32))
  return { id: nodeIdOf(crypto, pair.publicKey), pair }
}).sort((a, b) => (a.id < b.id ? -1 : 1))
/** Every fifth. */
const HOSTILE = RING.filter((_, i) => i % 5 === 0)

function nearest(rootKey: Id, among: readonly Holder[]): Holder[] {
  return [...among].sort((a, b) => compareDistance(rootKey, a.id, b.id)).slice(0, 4)
}

function kept(holders: readonly Holder[], record: DhtRecord): PutReply {
  return { outcome: 'kept', receipts: holders.map(({ pair }) => signReceipt(crypto, pair, record)) }
}

interface Asked {
  rootKey: Id
  rootIndex: number
  record: DhtRecord
  offset: number
}

/** A node of the ring, and what those say who get its puts. */
function author(answer: (asked: Asked) => PutReply) {
  const ways: { rootIndex: number; offset: number; wantsReceipts: boolean }[] = []
  const members = [...RING.slice(92, 100), ...RING.slice(101, 109)].map(({ id }) => id)
  const ring: Pick<Neighbourhood, 'members'> = { members: () => members }
  const routes: Pick<Routes, 'request'> = {
    request: async (rootKey, _application, payload, { offset = 0, accepts }) => {
      const { rootIndex, wantsReceipts, record } = decodePut(payload)
      ways.push({ rootIndex, offset, wantsReceipts })
      const reply: Bytes = encodePutReply(answer({ rootKey, rootIndex, record, offset }))
      await Promise.resolve()
      if (!accepts!(reply)) throw new BanyanError('unreachable', 'no answer that was accepted')
      return { responder: rootKey, payload: reply, hops: 2 }
    },
  }
  const clock = new VirtualClock(new EventQueue())
  const drops = new DropCounts()
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), log: { log: () => undefined }, drops },
    ...{ network: networkOf(crypto, 'simulated', 0), timers: new TimerGroup(clock) },
  }
  const puts = new Puts(around, {
    ...{ self: RING[100]!.id, routes: routes as Routes, ring: ring as Neighbourhood },
    valid: (_key, record) => record,
  })
  return { puts, ways, drops }
}

describe('a put', () => {
  it('goes to each root once where those near it sign that they keep it', async () => {
    const { puts, ways } = author(({ rootKey, record }) => kept(nearest(rootKey, RING), record))
    expect(await puts.put(NOTE, THOROUGH)).toBe(8)
    expect(ways).toEqual([
      { rootIndex: 0, offset: 0, wantsReceipts: true },
      { rootIndex: 1, offset: 0, wantsReceipts: true },
    ])
  })

  it('of a signed record goes along all further offsets in any case', async () => {
    const { puts, ways } = author(({ rootKey, record }) => kept(nearest(rootKey, RING), record))
    await puts.put(version(2), THOROUGH)
    await new Promise((resolve) => setImmediate(resolve))
    expect(ways.map(({ offset }) => offset)).toEqual([0, 0, 1, -1, 1, -1, 2, -2, 2, -2])
  })

  it('of what needs no word goes once to each root, without asking for receipts', async () => {
    const { puts, ways } = author(() => ({ outcome: 'kept', receipts: [] }))
    await puts.putLightly(version(2))
    expect(ways).toEqual([
      { rootIndex: 0, offset: 0, wantsReceipts: false },
      { rootIndex: 1, offset: 0, wantsReceipts: false },
    ])
    await expect(puts.put(version(2), THOROUGH)).rejects.toMatchObject({ code: 'unreachable' })
    for (const { wantsReceipts } of ways.slice(2)) expect(wantsReceipts).toBe(true)
    const none = author(() => ({ outcome: 'quota' }))
    await expect(none.puts.putLightly(NOTE)).rejects.toMatchObject({ code: 'quota' })
  })

  it('goes on along other ways where a fifth of the nodes signs what it does not keep', async () => {
    const { puts, ways } = author(({ rootKey, record, offset }) =>
      kept(nearest(rootKey, offset === 0 ? HOSTILE : RING), record),
    )
    // Of few records both roots lie where enough of the hostile are near by chance.
    let lost = 0
    for (let i = 0; i < 50; i++) {
      ways.length = 0
      await puts.put({ ...NOTE, value: utf8(`note ${i}`) }, THOROUGH)
      await new Promise((resolve) => setImmediate(resolve))
      if (ways.length === 2) lost++
    }
    expect(lost).toBeLessThanOrEqual(2)
  })

  it('goes round a root that is not vouched for, and then farther round', async () => {
    const first = author(({ rootKey, rootIndex, record }) =>
      rootIndex === 0 ? kept(nearest(rootKey, RING), record) : { outcome: 'failed' },
    )
    expect(await first.puts.put(NOTE, THOROUGH)).toBe(4)
    await new Promise((resolve) => setImmediate(resolve))
    const [one, other] = [0, 1].map((rootIndex) =>
      first.ways.filter((way) => way.rootIndex === rootIndex).map(({ offset }) => offset),
    )
    expect([one, other]).toEqual([[0], [0, 1, -1, 2, -2]])
    const both = author(({ rootKey, record, offset }) =>
      offset === -2 ? kept(nearest(rootKey, RING), record) : { outcome: 'failed' },
    )
    expect(await both.puts.put(NOTE, THOROUGH)).toBe(8)
    expect(both.ways.map(({ offset }) => offset)).toEqual([0, 0, 1, -1, 1, -1, 2, -2, 2, -2])
  })

  it('waits for them where neither root is vouched for, and no longer', async () => {
    const { puts, ways } = author(({ rootKey, record, offset }) =>
      offset === 0 ? { outcome: 'failed' } : kept(nearest(rootKey, RING), record),
    )
    expect(await puts.put(NOTE, THOROUGH)).toBe(8)
    expect(ways.map(({ offset }) => offset)).toEqual([0, 0, 1, -1, 1, -1])
  })

  it('is refused at once where both roots have no room, are asked too often or know no such mailbox', async () => {
    for (const [outcome, code] of [
      ['quota', 'quota'],
      ['rate', 'quota'],
      ['no-mailbox', 'refused'],
    ] as const) {
      const { puts, ways } = author(() => ({ outcome }))
      await expect(puts.put(NOTE, THOROUGH)).rejects.toMatchObject({ code })
      expect(ways).toHaveLength(2)
    }
  })

  it('is stale also where only a further way shows the newer record', async () => {
    const { puts } = author(({ rootKey, record, offset }) =>
      offset === 0
        ? { outcome: 'failed' }
        : offset === 1
          ? { outcome: 'stale', newer: version(3) }
          : kept(nearest(rootKey, RING), record),
    )
    await expect(puts.put(version(2), THOROUGH)).rejects.toMatchObject({ code: 'refused' })
  })

  it('does not count who signed nothing, or another record', async () => {
    const { puts, drops } = author(({ rootKey }) => ({
      outcome: 'kept',
      receipts: [
        new Uint8Array(RECEIPT_BYTES),
        signReceipt(crypto, nearest(rootKey, RING)[0]!.pair, version(1)),
      ],
    }))
    await expect(puts.put(NOTE, THOROUGH)).rejects.toMatchObject({ code: 'unreachable' })
    expect(drops.snapshot()['put: false receipt']).toBeGreaterThan(0)
  })

  it('is stale where the newer record is shown, and not where somebody says so', async () => {
    let newer: DhtRecord | undefined = version(3)
    const { puts } = author(({ rootKey, rootIndex, record }) =>
      rootIndex === 0 ? kept(nearest(rootKey, RING), record) : { outcome: 'stale', newer },
    )
    await expect(puts.put(version(2), THOROUGH)).rejects.toMatchObject({ code: 'refused' })
    for (newer of [undefined, version(2), version(1)]) expect(await puts.put(version(2), THOROUGH)).toBe(4)
  })
})

it('answers to puts and stores are read from any bytes without harm', () => {
  expectNoInternalError([(reader) => decodePutReply(reader.rest()), decodeStored], 72)
})
