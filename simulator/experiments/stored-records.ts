// Records put into a laboratory's network, and what becomes of them: how many reads give back what was put, how long they
// take, and which records nobody keeps any more. Every other record is signed, with a key of its own.

import { type DhtRecord } from '../../main/overlay/api.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id } from '../../main/overlay/base/id.ts'
import { sequenceOf } from '../../main/overlay/dht/record-rules.ts'
import { recordKey, signRecord } from '../../main/overlay/wire/dht-record.ts'
import { type Host } from '../world/world.ts'
import { type TypeTraffic } from '../world/traffic-log.ts'
import { type Figures } from './experiment.ts'
import { type Lab } from './lab.ts'
import { percentile } from './statistics.ts'

export interface StoredRecord {
  readonly key: Id
  readonly record: DhtRecord
}

export interface ReadRecord {
  readonly isFound: boolean
  /** Found, and it is what was put. */
  readonly isCorrect: boolean
  readonly ms: number
  /** The reader was not gone before the answer. */
  readonly wasUp: boolean
}

/** What a chat keeps for others is a profile or a device list. */
const VALUE_BYTES = 200
/** Longer than any experiment, and what holders accept. */
const LIFE_MS = 29 * 24 * 3600 * 1000
/** Below what a node takes from its neighbours. */
const PUTS_PER_NODE_AND_SECOND = 0.5
const STEP_MS = 50
/** A put or a read gives up by itself within this. */
const PATIENCE_MS = 30_000

/** Puts so many, each from a random node, and waits for the last. What no root kept is not among the result. */
export async function putRecords(lab: Lab, count: number): Promise<StoredRecord[]> {
  const { world } = lab
  const stored: StoredRecord[] = []
  let ended = 0
  await evenly(lab, count, (1000 * count) / (PUTS_PER_NODE_AND_SECOND * world.alive.length), (i) => {
    const record = newRecord(lab, i)
    const { node } = world.pick(world.alive)
    const kept = (): void => void stored.push({ key: recordKey(world.crypto, record), record })
    const settled = (): void => void ended++
    void node.put(record).then(kept).catch(ignoreFailure).then(settled)
  })
  await until(lab, () => ended === count, world.nowMs + PATIENCE_MS)
  return stored
}

/** Reads each of them from a random node, evenly over the time, and waits for the last. */
export async function readRecords(
  lab: Lab,
  stored: readonly StoredRecord[],
  overMs: number,
): Promise<ReadRecord[]> {
  const reads = planReads(lab, stored, overMs)
  const untilMs = lab.world.nowMs + overMs + PATIENCE_MS
  await until(lab, () => reads.length === stored.length, untilMs)
  return reads
}

/** As `readRecords`, while somebody else makes time pass: the list fills as the reads end. */
export function planReads(lab: Lab, stored: readonly StoredRecord[], overMs: number): ReadRecord[] {
  const { world } = lab
  const reads: ReadRecord[] = []
  for (const [i, each] of stored.entries())
    world.queue.at(world.nowMs + ((i + 1) * overMs) / stored.length, () => {
      void readOne(lab, each).then((read) => reads.push(read))
    })
  return reads
}

async function readOne({ world }: Lab, { key, record }: StoredRecord): Promise<ReadRecord> {
  const reader: Host = world.pick(world.alive)
  const startedMs = world.nowMs
  const found = await reader.node.get(key).catch(ignoreFailure)
  return {
    isFound: found !== undefined,
    isCorrect: found !== undefined && isSame(found, record),
    ms: world.nowMs - startedMs,
    wasUp: world.isUp(reader),
  }
}

/** Of the reads whose readers were up until the answer. */
export function readFigures(
  lab: Lab,
  stored: readonly StoredRecord[],
  reads: readonly ReadRecord[],
): Figures {
  const counted = reads.filter(({ wasUp }) => wasUp)
  const correct = counted.filter(({ isCorrect }) => isCorrect)
  return {
    records: stored.length,
    recordsLost: withoutHolder(lab, stored).length,
    reads: counted.length,
    readsCorrect: correct.length / Math.max(1, counted.length),
    readsWrong: counted.filter(({ isFound, isCorrect }) => isFound && !isCorrect).length,
    readMedianMs: percentile(
      correct.map(({ ms }) => ms),
      0.5,
    ),
  }
}

/** What keeping records for others costs, of what was sent: between neighbours, and routed to those without a link. */
export function replicaBytes(byType: readonly TypeTraffic[], routed: readonly TypeTraffic[]): number {
  return [...byType, ...routed].reduce(
    (total, { type, bytes }) => total + (type.startsWith('replica') ? bytes : 0),
    0,
  )
}

/** Those that no running node keeps. */
export function withoutHolder(lab: Lab, stored: readonly StoredRecord[]): StoredRecord[] {
  return stored.filter(({ key }) => !lab.world.alive.some(({ node }) => node.holds(key)))
}

export function holdersOf(lab: Lab, { key }: StoredRecord): number {
  return lab.world.alive.filter(({ node }) => node.holds(key)).length
}

function newRecord({ world }: Lab, i: number): DhtRecord {
  const value = utf8(`record ${i} `.padEnd(VALUE_BYTES, '.'))
  const expiresAtMs = world.wallMs + LIFE_MS
  if (i % 2 === 0) return { kind: 'immutable', value, expiresAtMs }
  const pair = world.crypto.signingKeyPair(world.random.bytes(32))
  return signRecord(world.crypto, pair, { salt: utf8('experiment'), sequence: 1, value, expiresAtMs })
}

function isSame(found: DhtRecord, put: DhtRecord): boolean {
  return sequenceOf(found) === sequenceOf(put) && found.value.every((byte, i) => byte === put.value[i])
}

/** One that fails is one that is not found, or not put. */
function ignoreFailure(): undefined {
  return undefined
}

async function evenly(lab: Lab, count: number, overMs: number, act: (i: number) => void): Promise<void> {
  const steps = Math.max(1, Math.round(overMs / STEP_MS))
  let done = 0
  for (let step = 1; step <= steps; step++) {
    for (const end = Math.round((step * count) / steps); done < end; done++) act(done)
    await lab.run(STEP_MS)
  }
}

async function until(lab: Lab, isDone: () => boolean, untilMs: number): Promise<void> {
  while (!isDone() && lab.world.nowMs < untilMs) await lab.run(STEP_MS)
}
