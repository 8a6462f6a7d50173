// Who accepts sessions, and who calls. The acceptor is one endpoint; every caller is an endpoint of its own with keys of its
// own, in another process. Accepting is counted per second of the acceptor's processor time, so that slow callers do not
// make it look slow, and the sessions then stay idle for their memory to be counted.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type EndAddress, addressOf, openEnd, targetOf } from '../../test/drive/loopback-end.ts'
import { Signal } from './stream-sides.ts'
import { type Starter, cpuSecondsSince } from './measured-process.ts'

export interface AcceptTask {
  /** Before anything is measured: code gets compiled (the last of it after some 2,000 sessions), tables get their first size. */
  warmUpSessions: number
  sessions: number
}

export interface AcceptResult {
  cpuSeconds: number
  seconds: number
  /** Heap and external memory after garbage collection, of the measured sessions alone. */
  idleBytes: number
}

/** Callers under way at once. */
const CALLS_IN_FLIGHT = 32
/** Until the last acknowledgements, probes and half-open tables are done with. */
const SETTLE_MS = 7_000
/** No limit: what is measured is the work itself. */
const HANDSHAKES_PER_SECOND = 1e6
/** Nobody's keep-alive falls into the measurement. */
const KEEP_ALIVE_MS = 3_600_000

const OPTIONS = {
  handshakesPerSecond: HANDSHAKES_PER_SECOND,
  keepAliveMs: KEEP_ALIVE_MS,
  untranslatedKeepAliveMs: KEEP_ALIVE_MS,
}

export async function acceptSessions(task: AcceptTask, starter: Starter): Promise<void> {
  const endpoint = await openEnd(OPTIONS)
  const accepted = new Signal()
  let count = 0
  let wanted = task.warmUpSessions
  endpoint.on({
    up: () => ++count >= wanted && accepted.raise(),
    down: () => {},
    message: () => {},
  })
  const warm = accepted.wait()
  starter.post(addressOf(endpoint))
  await warm
  wanted = task.warmUpSessions + task.sessions
  const idleBefore = await settledBytes()
  const all = accepted.wait()
  starter.post('warm')
  const since = process.cpuUsage()
  const startMs = performance.now()
  await all
  const result = { cpuSeconds: cpuSecondsSince(since), seconds: (performance.now() - startMs) / 1000 }
  starter.post({ ...result, idleBytes: (await settledBytes()) - idleBefore } satisfies AcceptResult)
}

export async function callOneByOne(task: AcceptTask, starter: Starter): Promise<void> {
  const target = targetOf(await starter.next<EndAddress>())
  const ends: Endpoint[] = []
  for (let i = 0; i < task.warmUpSessions + task.sessions; i++) ends.push(await openEnd(OPTIONS))
  const call = async (count: number): Promise<void> => {
    const last = ends.length - count
    const worker = async (): Promise<void> => {
      while (ends.length > last) await ends.pop()!.dial(target)
    }
    await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, worker))
  }
  await call(task.warmUpSessions)
  await starter.next() // everybody is warm
  await call(task.sessions)
}

async function settledBytes(): Promise<number> {
  await sleep(SETTLE_MS)
  for (let i = 0; i < 4; i++) {
    globalThis.gc!()
    await sleep(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
