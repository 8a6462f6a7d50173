// The records this node keeps: bytes in the Store, a small index in memory that is rebuilt at start.
//
//   overlay/replica/record/ | record key 32   ->  record
//   overlay/replica/index/  | record key 32   ->  root mask 1 | sequence 8 | expires at 8 | bytes 4 | origin 32 | envelope 1
//
// The origin answers for the space: a signed record's author, an envelope's writer; for an immutable record, whose author nobody
// knows, the neighbour it came from. Neither may fill this node's space alone; nor may a neighbour with what it brings, under
// however many names: asked for or not, as anybody can have this node ask.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type Id, ID_BYTES, idFromBytes, idToBytes, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Store } from '../ports/store.ts'
import { type DhtRecord } from '../api.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { decodeRecord, encodeRecord, recordKey } from '../wire/dht-record.ts'
import { homeOf } from '../wire/envelope.ts'
import { type Outcome, ROOT_COUNT } from '../wire/dht-messages.ts'
import { type KeptEnvelope, Mailboxes, writerOf } from './mailboxes.ts'
import { checkRecord, compareRecords, sequenceOf } from './record-rules.ts'

export interface Replica {
  /** Bit i: kept on behalf of root i. */
  rootMask: number
  sequence: number
  expiresAtMs: number
  bytes: number
  /** Author, or the neighbour it came from. */
  origin: NodeId
  /** The neighbour that brought it, in memory only, and whether it was asked for. */
  bringer: NodeId | undefined
  isAskedFor: boolean
  /** H(key, 0) and H(key, 1). */
  readonly roots: Id[]
  isEnvelope: boolean
  /** Set while this node is no longer responsible; in memory only, so that a restart starts the grace anew. */
  graceUntilMs?: number
  /** Bit i: root i needs nothing of this node: others keep the record there. */
  rehomed?: number
  /** Where the last pass of the replication found it to belong. */
  placed?: Placed
  /** Of this version, for fingerprints (range-tree.ts); made when first asked for. */
  digest?: Bytes
}

export interface Placed {
  /** The very list of neighbours that it was found among. */
  among: readonly NodeId[]
  /** For each root its holders, closest first. */
  holders: NodeId[][]
  /** Bit i: root i lay within the leaf set. */
  covered: number
}

export type KeepOutcome = Outcome

const RECORDS = utf8('overlay/replica/record/')
const INDEX = utf8('overlay/replica/index/')
const INDEX_END = utf8('overlay/replica/index0') // '0' is the byte after '/'
/** 1.5 MB at a time: each page is a way to the disk and back. */
const PAGE = 10_000
/** Of the whole quota: 16 MiB of the usual 256 for one author, far above a person's few records. */
const AUTHOR_SHARE = 1 / 16
/** A neighbour passes on what many have written. */
const NEIGHBOUR_SHARE = 1 / 4
/** In a network of three, each of the two others hands over as much as is to be kept. */
const ASKED_FOR_SHARE = 1 / 2

/** H(first half of the key, i): the envelopes of a mailbox lie where it does. */
export function rootKeys(around: Pick<Surroundings, 'crypto'>, key: Id): Id[] {
  const bytes = idToBytes(key).slice(0, ID_BYTES / 2)
  return Array.from({ length: ROOT_COUNT }, (_, i) =>
    idFromBytes(around.crypto.hash(bytes, Uint8Array.of(i))),
  )
}

export class ReplicaStore {
  readonly #around: Surroundings
  readonly #store: Store
  #quotaBytes: number
  readonly #self: NodeId
  readonly #bytesByOrigin = new Map<NodeId, number>()
  readonly #bytesByBringer = { unasked: new Map<NodeId, number>(), askedFor: new Map<NodeId, number>() }
  readonly #replicas = new Map<Id, Replica>()
  /** Writes of one key follow each other; a read-then-write must not be overtaken. */
  readonly #queues = new LeanMap<Id, Promise<unknown>>()
  /** Of each mailbox, by the half of the key that its envelopes share. */
  readonly #envelopes = new LeanMap<string, Map<Id, KeptEnvelope>>()
  readonly mailboxes: Mailboxes
  #bytes = 0

  constructor(around: Surroundings, store: Store, quotaBytes: number, self: NodeId) {
    this.#self = self
    this.#around = around
    this.#store = store
    this.#quotaBytes = quotaBytes
    this.mailboxes = new Mailboxes(around, {
      kept: (home) => [...(this.#envelopes.get(home)?.values() ?? [])],
      read: (key) => this.read(key),
      forget: (key) => this.forget(key),
      quotaBytes: () => this.#quotaBytes,
    })
  }

  /** For what comes from now on; what is over it already, sweeping.ts forgets. */
  set quotaBytes(bytes: number) {
    this.#quotaBytes = bytes
  }

  get quotaBytes(): number {
    return this.#quotaBytes
  }

  get usage(): { count: number; bytes: number; quotaBytes: number } {
    return { count: this.#replicas.size, bytes: this.#bytes, quotaBytes: this.#quotaBytes }
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

  /** The record, where it is kept and has not expired. One that does not read as such any more is kept no longer. */
  async read(key: Id): Promise<DhtRecord | undefined> {
    const replica = this.#replicas.get(key)
    if (!replica || replica.expiresAtMs <= this.#around.clock.wallMs()) return undefined
    const bytes = await this.#store.get(concat(RECORDS, idToBytes(key)))
    try {
      return bytes && decodeRecord(bytes)
    } catch (error) {
      this.#around.drops.count(`replica: ${codeOf(error)}`)
      this.#forgetTorn(key, replica)
      return undefined
    }
  }

  /** So that whoever compares with this node finds that it lacks it. */
  #forgetTorn(key: Id, torn: Replica): void {
    void this.#inTurn(key, async () => {
      if (this.#replicas.get(key) === torn) await this.#remove(key)
    }).catch((error: unknown) => this.#around.drops.count(`replica: ${codeOf(error)}`))
  }

  /** Checks and keeps a record on behalf of one root; `stale` where a newer one is kept. */
  async keep(record: DhtRecord, rootIndex: number, from: NodeId, isAskedFor = false): Promise<KeepOutcome> {
    const verdict = checkRecord(record, this.#around.crypto, this.#around.clock.wallMs())
    if (verdict !== 'good') return verdict
    const key = recordKey(this.#around.crypto, record)
    const source = { origin: this.#originOf(record, from), bringer: from, isAskedFor }
    const keep = (): Promise<KeepOutcome> =>
      this.#inTurn(key, () => this.#keepChecked(key, record, rootIndex, source))
    return this.#admitted(record, keep).catch((error: unknown) => {
      // What is kept could not be read: whoever sent this one is to have an answer all the same.
      this.#around.drops.count(`replica: ${codeOf(error)}`)
      return 'failed'
    })
  }

  #originOf(record: DhtRecord, from: NodeId): NodeId {
    if (record.kind === 'immutable') return from
    if (record.kind === 'envelope') return writerOf(this.#around, record)
    return idFromBytes(this.#around.crypto.hash(record.publicKey))
  }

  /** Envelopes of one mailbox come in one after the other, so that two cannot take its last place. */
  async #admitted(record: DhtRecord, keep: () => Promise<KeepOutcome>): Promise<KeepOutcome> {
    if (record.kind !== 'envelope') return keep()
    return this.#inTurn(`envelopes of ${record.mailbox}` as Id, () => this.mailboxes.admit(record, keep))
  }

  /** What is kept for one root is from now on kept for another too. */
  async alsoFor(key: Id, rootIndex: number): Promise<void> {
    const mask = 1 << rootIndex
    if (!this.#isToBeMarked(key, mask)) return
    await this.#inTurn(key, async () => {
      const replica = this.#replicas.get(key)
      if (!replica || !this.#isToBeMarked(key, mask)) return
      const rootMask = replica.rootMask | mask
      await this.#store.write([
        { type: 'put', key: concat(INDEX, idToBytes(key)), value: encodeIndex({ ...replica, rootMask }) },
      ])
      replica.rootMask = rootMask
    }).catch((error: unknown) => this.#around.drops.count(`replica index: ${codeOf(error)}`))
  }

  #isToBeMarked(key: Id, mask: number): boolean {
    return ((this.#replicas.get(key)?.rootMask ?? mask) & mask) === 0
  }

  /** Rejects where the disk does; the record is then still kept, on disk and in memory. */
  async forget(key: Id): Promise<void> {
    await this.#inTurn(key, async () => {
      if (this.#replicas.has(key)) await this.#remove(key)
    })
  }

  async #remove(key: Id): Promise<void> {
    const id = idToBytes(key)
    await this.#store.write([
      { type: 'del', key: concat(RECORDS, id) },
      { type: 'del', key: concat(INDEX, id) },
    ])
    this.#put(key, undefined)
  }

  async #keepChecked(key: Id, record: DhtRecord, rootIndex: number, source: Source): Promise<KeepOutcome> {
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
    return this.#write(key, winner, rootMask, before ?? source)
  }

  async #write(
    key: Id,
    record: DhtRecord,
    rootMask: number,
    { origin, bringer, isAskedFor }: Source,
  ): Promise<KeepOutcome> {
    const before = this.#replicas.get(key)
    const encoded = encodeRecord(record)
    const replica: Replica = {
      rootMask,
      sequence: sequenceOf(record),
      expiresAtMs: record.expiresAtMs,
      bytes: encoded.length,
      ...{ origin, bringer, isAskedFor },
      roots: before?.roots ?? rootKeys(this.#around, key),
      isEnvelope: record.kind === 'envelope',
    }
    if (!this.#hasRoom(record, replica, before)) return 'quota'
    this.#put(key, replica)
    const id = idToBytes(key)
    try {
      await this.#store.write([
        { type: 'put', key: concat(RECORDS, id), value: encoded },
        { type: 'put', key: concat(INDEX, id), value: encodeIndex(replica) },
      ])
      void this.mailboxes.changed(key, record).catch((error: unknown) => {
        this.#around.drops.count(`mailbox: ${codeOf(error)}`) // what was to go stays until the next rules
      })
      return 'kept'
    } catch {
      // The disk is full or closed: what was there before still is, and memory says so again.
      this.#put(key, before)
      return 'failed'
    }
  }

  #hasRoom(record: DhtRecord, replica: Replica, before: Replica | undefined): boolean {
    const growth = replica.bytes - (before?.bytes ?? 0)
    if (growth <= 0) return true
    if (this.#bytes + growth > this.#quotaBytes) return false
    if (replica.origin === this.#self) return true
    if (replica.bringer && replica.bringer !== this.#self) {
      const brought = this.#broughtBy(replica).get(replica.bringer) ?? 0
      const share = replica.isAskedFor ? ASKED_FOR_SHARE : NEIGHBOUR_SHARE
      if (brought + growth > share * this.#quotaBytes) return false
    }
    const share = record.kind === 'immutable' ? NEIGHBOUR_SHARE : AUTHOR_SHARE
    return (this.#bytesByOrigin.get(replica.origin) ?? 0) + growth <= share * this.#quotaBytes
  }

  /** The one place where what is kept changes in memory, and with it the sums. */
  #put(key: Id, replica: Replica | undefined): void {
    const before = this.#replicas.get(key)
    if (before) this.#account(before, -before.bytes)
    if (replica) this.#account(replica, replica.bytes)
    if (replica) this.#replicas.set(key, replica)
    else this.#replicas.delete(key)
    if ((replica ?? before)?.isEnvelope) this.#putEnvelope(key, replica)
  }

  #putEnvelope(key: Id, replica: Replica | undefined): void {
    const home = homeOf(key)
    const kept = this.#envelopes.get(home) ?? new Map<Id, KeptEnvelope>()
    if (replica)
      this.#envelopes.set(
        home,
        kept.set(key, { ...kept.get(key), key, writer: replica.origin, bytes: replica.bytes }),
      )
    else if (kept.delete(key) && kept.size === 0) this.#envelopes.delete(home)
  }

  #account(source: Source, bytes: number): void {
    this.#bytes += bytes
    addTo(this.#bytesByOrigin, source.origin, bytes)
    if (source.bringer) addTo(this.#broughtBy(source), source.bringer, bytes)
  }

  #broughtBy({ isAskedFor }: Source): Map<NodeId, number> {
    return isAskedFor ? this.#bytesByBringer.askedFor : this.#bytesByBringer.unasked
  }

  /** An entry that does not read as one is left out: its record is found again by its neighbours' offers. */
  #restore(key: Id, value: Uint8Array): void {
    try {
      const reader = new Reader(value)
      const rootMask = reader.u8()
      const sequence = reader.u64()
      const expiresAtMs = reader.u64()
      const bytes = reader.u32()
      const origin = reader.id()
      const isEnvelope = reader.remaining > 0 && reader.u8() === 1
      reader.end()
      const roots = rootKeys(this.#around, key)
      this.#put(key, {
        rootMask,
        sequence,
        expiresAtMs,
        bytes,
        origin,
        ...{ bringer: undefined, isAskedFor: false },
        roots,
        isEnvelope,
      })
    } catch (error) {
      this.#around.drops.count(`replica index: ${codeOf(error)}`)
    }
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

type Source = Pick<Replica, 'origin' | 'bringer' | 'isAskedFor'>

function addTo(sums: Map<NodeId, number>, id: NodeId, bytes: number): void {
  const sum = (sums.get(id) ?? 0) + bytes
  if (sum > 0) sums.set(id, sum)
  else sums.delete(id)
}

function encodeIndex(replica: Replica): Uint8Array {
  const writer = new Writer(54).u8(replica.rootMask).u64(replica.sequence).u64(replica.expiresAtMs)
  return writer
    .u32(replica.bytes)
    .id(replica.origin)
    .u8(replica.isEnvelope ? 1 : 0)
    .finish()
}
