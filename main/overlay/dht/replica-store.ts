// The records this node keeps: bytes in the Store, a small index in memory that is rebuilt at start.
//
//   overlay/replica/record/ | record key 32   ->  record
//   overlay/replica/index/  | record key 32   ->  root mask 1 | sequence 8 | expires at 8 | bytes 4

import { concat, utf8 } from '../base/bytes.ts'
import { type Id, idFromBytes, idToBytes } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Store } from '../ports/store.ts'
import { type DhtRecord } from '../api.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { decodeRecord, encodeRecord, recordKey } from '../wire/dht-record.ts'
import { ROOT_COUNT } from '../wire/dht-messages.ts'
import { checkRecord, compareRecords, sequenceOf } from './record-rules.ts'

export interface Replica {
  /** Bit i: kept on behalf of root i. */
  rootMask: number
  sequence: number
  expiresAtMs: number
  bytes: number
  /** H(key, 0) and H(key, 1). */
  roots: Id[]
  /** Set while this node is no longer responsible; in memory only, so that a restart starts the grace anew. */
  graceUntilMs?: number
}

export type KeepOutcome = 'kept' | 'bad-signature' | 'expired' | 'too-large' | 'stale' | 'quota' | 'failed'

const RECORDS = utf8('overlay/replica/record/')
const INDEX = utf8('overlay/replica/index/')
const INDEX_END = utf8('overlay/replica/index0') // '0' is the byte after '/'
const PAGE = 1000

export function rootKeys(around: Pick<Surroundings, 'crypto'>, key: Id): Id[] {
  const bytes = idToBytes(key)
  return Array.from({ length: ROOT_COUNT }, (_, i) =>
    idFromBytes(around.crypto.hash(bytes, Uint8Array.of(i))),
  )
}

export class ReplicaStore {
  readonly #around: Surroundings
  readonly #store: Store
  readonly #quotaBytes: number
  readonly #replicas = new Map<Id, Replica>()
  /** Writes of one key follow each other; a read-then-write must not be overtaken. */
  readonly #queues = new Map<Id, Promise<unknown>>()
  #bytes = 0

  constructor(around: Surroundings, store: Store, quotaBytes: number) {
    this.#around = around
    this.#store = store
    this.#quotaBytes = quotaBytes
  }

  get usage(): { count: number; bytes: number } {
    return { count: this.#replicas.size, bytes: this.#bytes }
  }

  entries(): Iterable<[Id, Replica]> {
    return this.#replicas.entries()
  }

  get(key: Id): Replica | undefined {
    return this.#replicas.get(key)
  }

  async load(): Promise<void> {
    let from = INDEX
    for (;;) {
      const page = await this.#store.range({ from, to: INDEX_END, limit: PAGE })
      for (const { key, value } of page) this.#restore(idFromBytes(key.subarray(INDEX.length)), value)
      if (page.length < PAGE) return
      from = concat(page[page.length - 1]!.key, Uint8Array.of(0))
    }
  }

  /** The record, where it is kept and has not expired. */
  async read(key: Id): Promise<DhtRecord | undefined> {
    const replica = this.#replicas.get(key)
    if (!replica || replica.expiresAtMs <= this.#around.clock.wallMs()) return undefined
    const bytes = await this.#store.get(concat(RECORDS, idToBytes(key)))
    return bytes && decodeRecord(bytes)
  }

  /** Checks and keeps a record on behalf of one root; `stale` where a newer one is kept. */
  async keep(record: DhtRecord, rootIndex: number): Promise<KeepOutcome> {
    const verdict = checkRecord(record, this.#around.crypto, this.#around.clock.wallMs())
    if (verdict !== 'good') return verdict
    const key = recordKey(this.#around.crypto, record)
    return this.#inTurn(key, () => this.#keepChecked(key, record, rootIndex))
  }

  async forget(key: Id): Promise<void> {
    await this.#inTurn(key, async () => {
      const replica = this.#replicas.get(key)
      if (!replica) return
      this.#replicas.delete(key)
      this.#bytes -= replica.bytes
      const id = idToBytes(key)
      await this.#store.write([
        { type: 'del', key: concat(RECORDS, id) },
        { type: 'del', key: concat(INDEX, id) },
      ])
    })
  }

  async #keepChecked(key: Id, record: DhtRecord, rootIndex: number): Promise<KeepOutcome> {
    const present = await this.read(key)
    const order = present ? compareRecords(record, present) : 1
    if (order < 0 && sequenceOf(record) < sequenceOf(present!)) return 'stale'
    const winner = order < 0 ? present! : record
    const before = this.#replicas.get(key)
    const rootMask = (before?.rootMask ?? 0) | (1 << rootIndex)
    if (before && order <= 0 && before.rootMask === rootMask) {
      before.graceUntilMs = undefined
      return 'kept'
    }
    return this.#write(key, winner, rootMask, before)
  }

  async #write(
    key: Id,
    record: DhtRecord,
    rootMask: number,
    before: Replica | undefined,
  ): Promise<KeepOutcome> {
    const encoded = encodeRecord(record)
    const growth = encoded.length - (before?.bytes ?? 0)
    if (growth > 0 && this.#bytes + growth > this.#quotaBytes) return 'quota'
    const replica: Replica = {
      rootMask,
      sequence: sequenceOf(record),
      expiresAtMs: record.expiresAtMs,
      bytes: encoded.length,
      roots: before?.roots ?? rootKeys(this.#around, key),
    }
    this.#bytes += growth
    this.#replicas.set(key, replica)
    const id = idToBytes(key)
    try {
      await this.#store.write([
        { type: 'put', key: concat(RECORDS, id), value: encoded },
        { type: 'put', key: concat(INDEX, id), value: encodeIndex(replica) },
      ])
      return 'kept'
    } catch {
      // The disk is full or closed: what was there before still is, and memory says so again.
      this.#bytes -= growth
      if (before) this.#replicas.set(key, before)
      else this.#replicas.delete(key)
      return 'failed'
    }
  }

  #restore(key: Id, value: Uint8Array): void {
    const reader = new Reader(value)
    const rootMask = reader.u8()
    const sequence = reader.u64()
    const expiresAtMs = reader.u64()
    const bytes = reader.u32()
    this.#replicas.set(key, { rootMask, sequence, expiresAtMs, bytes, roots: rootKeys(this.#around, key) })
    this.#bytes += bytes
  }

  #inTurn<T>(key: Id, action: () => Promise<T>): Promise<T> {
    const turn = (this.#queues.get(key) ?? Promise.resolve()).then(action)
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#queues.get(key) === settled) this.#queues.delete(key)
      })
    this.#queues.set(key, settled)
    return turn
  }
}

function encodeIndex(replica: Replica): Uint8Array {
  const writer = new Writer(21).u8(replica.rootMask).u64(replica.sequence)
  return writer.u64(replica.expiresAtMs).u32(replica.bytes).finish()
}
