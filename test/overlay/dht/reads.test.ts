import { expect, it } from 'vitest'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { pause } from '../../../main/overlay/base/in-time.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { Reads } from '../../../main/overlay/dht/reads.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { LIGHT, type Redundancy, THOROUGH } from '../../../main/overlay/dht/redundancy.ts'
import { type Routes } from '../../../main/overlay/ports/routes.ts'
import { encodeGetReply } from '../../../main/overlay/wire/dht-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const SELF = 'a'.repeat(64) as NodeId
const KEY = '7'.repeat(64) as Id
const RECORD: DhtRecord = { kind: 'immutable', value: utf8('a note'), expiresAtMs: 1 }

/** Every root has the record, and answers after `roundTripMs`; `offsets` are those of the questions. */
function reads(roundTripMs: () => number) {
  let answer: DhtRecord | undefined = RECORD
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const timers = new TimerGroup(clock)
  const offsets: number[] = []
  const routes: Pick<Routes, 'request'> = {
    request: async (key, _application, _payload, { offset = 0 }) => {
      offsets.push(offset)
      await pause(timers, roundTripMs())
      return { responder: key as NodeId, payload: encodeGetReply(answer), hops: 2 }
    },
  }
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts(), timers },
  }
  const tested = new Reads(around, {
    ...{ self: SELF, routes: routes as Routes, readOwn: () => Promise.resolve(undefined) },
    ...{
      isHolder: () => false,
      valid: (_key: Id, record: DhtRecord | undefined) => record,
      repair: () => undefined,
      neighbours: () => 8,
    },
  })
  const read = async (): Promise<number[]> => {
    offsets.length = 0
    const reading = tested.read(KEY, THOROUGH)
    await queue.runUntil(queue.nowMs + 20_000)
    expect(await reading).toEqual(RECORD)
    return [...offsets]
  }
  const readInVain = async (redundancy: Redundancy): Promise<number[]> => {
    answer = undefined
    offsets.length = 0
    const reading = tested.read(KEY, redundancy)
    await queue.runUntil(queue.nowMs + 20_000)
    expect(await reading).toBeUndefined()
    return [...offsets]
  }
  return { read, readInVain }
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
