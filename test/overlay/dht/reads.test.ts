import { describe, expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { pause } from '../../../main/overlay/base/in-time.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { Reads } from '../../../main/overlay/dht/reads.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { LIGHT, type ReadRedundancy, THOROUGH } from '../../../main/overlay/dht/redundancy.ts'
import { type Routes } from '../../../main/overlay/ports/routes.ts'
import { encodeGetReply } from '../../../main/overlay/wire/dht-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const KEY = '7'.repeat(64) as Id
const RECORD: DhtRecord = { kind: 'immutable', value: utf8('a note'), expiresAtMs: 1 }

interface Way {
  /** Of reads before it, so many ways were asked. */
  number: number
  retryAfterMs: number
}

/** Every root has the record, and answers after `roundTripMs`; `offsets` are those of the questions. */
function reads(roundTripMs: (way: Way) => number, { isHolder = false, neighbours = 8 } = {}) {
  let answer: (way: Way) => DhtRecord | undefined = () => RECORD
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const timers = new TimerGroup(clock)
  const offsets: number[] = []
  const routes: Pick<Routes, 'request'> = {
    request: async (key, _application, _payload, { offset = 0, retryAfterMs = Infinity }) => {
      const way = { number: offsets.push(offset) - 1, retryAfterMs }
      await pause(timers, roundTripMs(way))
      return { responder: key as NodeId, payload: encodeGetReply(answer(way)), hops: 2 }
    },
  }
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts(), timers },
  }
  const tested = new Reads(around, {
    ...{ routes: routes as Routes, readOwn: () => Promise.resolve(undefined) },
    ...{
      isHolder: () => isHolder,
      valid: (_key: Id, record: DhtRecord | undefined) => record,
      repair: () => undefined,
      neighbours: () => neighbours,
    },
  })
  const read = async (): Promise<number[]> => {
    offsets.length = 0
    const reading = tested.read(KEY, THOROUGH)
    await queue.runUntil(queue.nowMs + 20_000)
    expect(await reading).toEqual(RECORD)
    return [...offsets]
  }
  const readInVain = async (redundancy: ReadRedundancy): Promise<number[]> => {
    answer = () => undefined
    offsets.length = 0
    const reading = tested.read(KEY, redundancy)
    await queue.runUntil(queue.nowMs + 20_000)
    expect(await reading).toBeUndefined()
    return [...offsets]
  }
  /** How long a read of a signed record takes, which version it gives, and which it told of meanwhile. */
  const readSigned = async (sequenceOf: (way: Way) => number | undefined) => {
    answer = (way) => version(sequenceOf(way))
    offsets.length = 0
    const told: unknown[] = []
    const startedMs = queue.nowMs
    const reading = tested
      .read(KEY, THOROUGH, (record) => told.push(record))
      .then((record) => ({ record, tookMs: queue.nowMs - startedMs }))
    await queue.runUntil(queue.nowMs + 20_000)
    const { record, tookMs } = await reading
    return { record, tookMs, told, ways: offsets.length }
  }
  return { read, readInVain, readSigned }
}

function version(sequence: number): DhtRecord
function version(sequence: number | undefined): DhtRecord | undefined
function version(sequence: number | undefined): DhtRecord | undefined {
  if (sequence === undefined) return undefined
  const [publicKey, salt, signature] = [new Uint8Array(32), utf8('s'), new Uint8Array(64)]
  return { kind: 'signed', publicKey, salt, sequence, value: utf8(`${sequence}`), expiresAtMs: 1, signature }
}

it('asks both roots alone as long as they answer, at first within a second', async () => {
  expect(await reads(() => 900).read()).toEqual([0, 0])
  expect(await reads(() => 1200).read()).toEqual([0, 0, 1, 1])
})

it('learns how long answers take here, and does not ask more of a network that is slow', async () => {
  let roundTripMs = 2000
  const { read } = reads(() => roundTripMs)
  for (let i = 0; i < 10; i++) await read()
  expect(await read()).toEqual([0, 0])
  roundTripMs = 20
  for (let i = 0; i < 40; i++) await read()
  roundTripMs = 200
  expect(await read()).toEqual([0, 0, 1, 1])
})

it('believes sooner that there is no address than that there is nothing else', async () => {
  const { readInVain } = reads(() => 100)
  expect(await readInVain(LIGHT)).toEqual([0, 0, 1, 1])
  expect(await readInVain(THOROUGH)).toEqual([0, 0, 1, 1, -1, -1])
})

it('one that would keep a record and has none asks as others do, but in a small network', async () => {
  expect(await reads(() => 100, { isHolder: true }).readInVain(THOROUGH)).toEqual([0, 0, 1, 1, -1, -1])
  expect(await reads(() => 100, { isHolder: true, neighbours: 7 }).readInVain(THOROUGH)).toEqual([0, 0])
})

describe('of a signed record', () => {
  it('the newest counts, though an old one comes sooner along most ways', async () => {
    const isOld = ({ number }: Way): boolean => number < 7
    const { readSigned } = reads((way) => (isOld(way) ? 20 : 200))
    const { record, told, ways } = await readSigned((way) => (isOld(way) ? 1 : 2))
    expect(record).toEqual(version(2))
    expect(told).toEqual([version(1), version(2)])
    expect(ways).toBe(10)
  })

  it('ways that contradict each other are heard out, the silent ones at their second attempt', async () => {
    const isSilent = ({ number }: Way): boolean => number === 1 || number > 6
    const { readSigned } = reads((way) => (isSilent(way) ? way.retryAfterMs + 100 : 20))
    const contradicting = (way: Way) => (isSilent(way) ? 2 : way.number < 4 ? 1 : undefined)
    const { record, told, tookMs } = await readSigned(contradicting)
    expect(record).toEqual(version(2))
    expect(told).toEqual([version(1), version(2)])
    expect(tookMs).toBeCloseTo(2920, -1)
  })

  it('a silent way is tried again sooner where answers come soon, but not before a second has passed', async () => {
    const waits: number[] = []
    const { readSigned } = reads(({ retryAfterMs }) => {
      waits.push(retryAfterMs)
      return 20
    })
    for (let i = 0; i < 10; i++) await readSigned(() => 1)
    expect(waits[0]).toBe(2800)
    expect(waits.at(-1)).toBe(1000)
  })

  it('and answers to second attempts do not pass for slow ones', async () => {
    const waits: number[] = []
    const { readSigned } = reads(({ number, retryAfterMs }) => {
      waits.push(retryAfterMs)
      return number > 6 ? retryAfterMs + 20 : 20
    })
    for (let i = 0; i < 10; i++) await readSigned(() => 1)
    expect(waits.at(-1)).toBe(1000)
  })

  it('eight of ten ways are enough at once, and five of ten when the others are late', async () => {
    for (const [silent, tookMs] of [
      [0, 200],
      [2, 200],
      [3, 450],
      [5, 450],
      [6, 1300],
    ] as const) {
      const { readSigned } = reads(({ number }) => (number > 1 && number < 2 + silent ? 7000 : 100))
      const { record, tookMs: took } = await readSigned(() => 1)
      expect(record).toEqual(version(1))
      expect(took).toBeCloseTo(tookMs, -1)
    }
  })
})
