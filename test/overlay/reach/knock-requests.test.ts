// A knock proves something where it came in at the socket that waits for it, from whom was asked.

import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Surroundings } from '../../../main/overlay/base/surroundings.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { KnockRequests } from '../../../main/overlay/reach/knock-requests.ts'
import { Observing } from '../../../main/overlay/reach/observing.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { encodeKnock } from '../../../main/overlay/wire/packet-reach.ts'
import { decodeKnockToken, encodeKnockAnswer } from '../../../main/overlay/wire/reach-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const OBSERVER: Address = { host: '198.18.1.1', port: 4_000 }
const OURS: Address = { host: '198.18.9.9', port: 50_000 }
const MAIN = { send: () => undefined }
const SPARE = { send: () => undefined }

it.each([
  { case: 'at the socket, from the observer', at: SPARE, from: OBSERVER, counts: true },
  { case: 'at another socket', at: MAIN, from: OBSERVER, counts: false },
  { case: 'from another port of the observer', at: SPARE, from: { ...OBSERVER, port: 1 }, counts: false },
  { case: 'from another host', at: SPARE, from: { ...OBSERVER, host: '198.18.2.2' }, counts: false },
])('a knock $case counts: $counts', async ({ at, from, counts }) => {
  const { around, queue } = surroundings()
  const observing = new Observing(around)
  const knocks = new KnockRequests(around, observing)
  let said: Uint8Array | undefined
  const link = { isOpen: true, send: (message: Uint8Array) => void (said = message) } as unknown as Link
  const seen = { nonce: '0'.repeat(16), address: OURS, token: new Uint8Array(32), observer: OBSERVER }
  const asked = knocks.askBack(link, seen, SPARE)
  const { nonce } = decodeKnockToken(new Reader(said!, 1))
  observing.receive(encodeKnock(nonce), from, at)
  const [[, onAnswer]] = knocks.handlers() as [[number, (link: Link, body: Reader) => void]]
  const answer = encodeKnockAnswer({ nonce, status: 'knocked', address: OURS, port: 0 })
  expect(answer[0]).toBe(MESSAGE.knockAnswer)
  onAnswer(link, new Reader(answer, 1))
  await queue.runUntil(5_000)
  expect((await asked).from !== undefined).toBe(counts)
  expect(around.drops.snapshot()['knock from elsewhere'] ?? 0).toBe(counts ? 0 : 1)
})

function surroundings(): { around: Surroundings; queue: EventQueue } {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const around = {
    clock,
    random: new SeededRandom(1),
    crypto: hostCrypto,
    log: { log: () => undefined },
    network: networkOf(hostCrypto, 'knocks', 0),
    drops: new DropCounts(),
    timers: new TimerGroup(clock),
  }
  return { around, queue }
}
