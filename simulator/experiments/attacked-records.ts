// Records of honest nodes in a network with hostile ones: put by honest nodes, half of them immutable, half signed and put again
// in a second version, so that the first can be shown to readers as if it were the newest.

import { type DhtRecord } from '../../main/overlay/api.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, ringDistance } from '../../main/overlay/base/id.ts'
import { rootKeys } from '../../main/overlay/dht/replica-store.ts'
import { sequenceOf } from '../../main/overlay/dht/record-rules.ts'
import { type KeyPair } from '../../main/overlay/ports/crypto.ts'
import { recordKey, signRecord } from '../../main/overlay/wire/dht-record.ts'
import { type Host } from '../world/world.ts'
import { type Lab } from './lab.ts'

/** Where on the ring a record's first root is to lie. */
export interface Arc {
  centre: Id
  radius: bigint
}

export interface Attacked {
  readonly key: Id
  readonly author: Host
  readonly first: DhtRecord
  /** Undefined of an immutable one. */
  readonly second: DhtRecord | undefined
}

/** correct: the newest version that was put. stale: an older one was given as the newest. */
export type ReadOutcome = 'correct' | 'stale' | 'forged' | 'missing'

const VALUE_BYTES = 200
const LIFE_MS = 29 * 24 * 3600 * 1000
const STEP_MS = 50
/** A put or a read gives up by itself within this. */
const PATIENCE_MS = 60_000

/** All from honest nodes; `arc`: tried until the first root lies there. */
export function writeAttacked(lab: Lab, honest: readonly Host[], count: number, arc?: Arc): Attacked[] {
  const { world } = lab
  return Array.from({ length: count }, (_, i) => {
    const pair = world.crypto.signingKeyPair(world.random.bytes(32))
    for (let attempt = 0; ; attempt++) {
      const [first, second] = versions(lab, pair, i, attempt)
      const key = recordKey(world.crypto, first)
      const root = rootKeys(world, key)[0]!
      if (arc && ringDistance(arc.centre, root) > arc.radius) continue
      return { key, author: world.pick(honest), first, second }
    }
  })
}

function versions(lab: Lab, pair: KeyPair, i: number, attempt: number): [DhtRecord, DhtRecord | undefined] {
  const { world } = lab
  const expiresAtMs = world.wallMs + LIFE_MS
  const valueOf = (version: number) => utf8(`record ${i}.${attempt} v${version} `.padEnd(VALUE_BYTES, '.'))
  if (i % 2 === 0) return [{ kind: 'immutable', value: valueOf(1), expiresAtMs }, undefined]
  const version = (sequence: number): DhtRecord =>
    signRecord(world.crypto, pair, {
      salt: utf8(`attempt ${attempt}`),
      sequence,
      value: valueOf(sequence),
      expiresAtMs,
    })
  return [version(1), version(2)]
}

/** Those whose author was told that it is kept, true or not. */
export async function putAll(
  lab: Lab,
  records: readonly Attacked[],
  versionOf: (record: Attacked) => DhtRecord | undefined,
  overMs: number,
): Promise<Set<Attacked>> {
  const kept = new Set<Attacked>()
  await spread(lab, records, overMs, async (record) => {
    const version = versionOf(record)
    if (!version) return void kept.add(record)
    await record.author.node.put(version).then(
      () => kept.add(record),
      () => undefined, // its author knows
    )
  })
  return kept
}

export interface AttackedRead {
  record: Attacked
  outcome: ReadOutcome
  ms: number
}

/** Each by an honest node that did not write it. */
export async function readAll(
  lab: Lab,
  honest: readonly Host[],
  records: readonly Attacked[],
  overMs: number,
): Promise<AttackedRead[]> {
  const { world } = lab
  const reads: AttackedRead[] = []
  await spread(lab, records, overMs, async (record) => {
    const { key, author, first, second } = record
    const reader = world.pick(honest.filter((host) => host !== author))
    const startedMs = world.nowMs
    const found = await reader.node.get(key).catch(() => undefined) // nobody answered: it is missing
    reads.push({ record, outcome: judge(found, second ?? first, first), ms: world.nowMs - startedMs })
  })
  return reads
}

/** How many honest nodes keep the newest version cannot be asked; that they keep the record at all can. */
export function honestHolders(honest: readonly Host[], { key }: Attacked): number {
  return honest.filter(({ node }) => node.holds(key)).length
}

function judge(found: DhtRecord | undefined, newest: DhtRecord, first: DhtRecord): ReadOutcome {
  if (!found) return 'missing'
  if (isSame(found, newest)) return 'correct'
  return isSame(found, first) ? 'stale' : 'forged'
}

function isSame(a: DhtRecord, b: DhtRecord): boolean {
  return (
    a.value.length === b.value.length &&
    sequenceOf(a) === sequenceOf(b) &&
    a.value.every((byte, i) => byte === b.value[i])
  )
}

/** Begins one after another, evenly, and waits for the last. */
async function spread<T>(
  lab: Lab,
  items: readonly T[],
  overMs: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const { world } = lab
  let ended = 0
  for (const [i, item] of items.entries())
    world.queue.at(world.nowMs + ((i + 1) * overMs) / items.length, () => {
      void act(item).finally(() => ended++)
    })
  const untilMs = world.nowMs + overMs + PATIENCE_MS
  while (ended < items.length && world.nowMs < untilMs) await lab.run(STEP_MS)
}
