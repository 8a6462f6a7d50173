// The one writer of the chat's database. Every change is a piece of work on a transaction; pieces that wait together are
// done one after another and written as one synced batch (group commit), so that a thousand messages cost a few disk
// flushes and not a thousand.
//
// What a piece of work does to memory happens in `after`, when its batch is on the disk: where the disk refuses the batch,
// memory and disk still agree, and every piece in it fails with the disk's error. A piece that throws leaves nothing of
// itself in the batch. Ratchet steps rely on this: the library's state is only ever read from here.
//
// Rejected: running ahead of the disk with states in memory. It saves some hundred microseconds per batch and needs every
// state to be rolled back by hand when a write fails.

import { type Bytes, fromUtf8, utf8 } from '../../overlay/base/bytes.ts'
import { type Log } from '../../overlay/ports/log.ts'
import { type Store, type StoreWrite } from '../../overlay/ports/store.ts'
import { codeOf } from '../../overlay/base/errors.ts'
import { type Row, type Table } from './table.ts'
import { toJson } from './json.ts'

/** Keys are ASCII, so that the order of strings is the order of their bytes. */
export interface Transaction {
  get(key: string): Promise<Bytes | undefined>
  put(key: string, value: Bytes): void
  del(key: string): void
  /** Keys with the prefix, from `from` on (or down from before `before`), what this batch has changed included. */
  range(prefix: string, options?: RangeOptions): Promise<{ key: string; value: Bytes }[]>
  row<T>(table: Table<T>, id: string): Row<T> | undefined
  /** Undefined removes the row. */
  setRow<T>(table: Table<T>, id: string, value: T | undefined): void
  /** Runs when the batch is on the disk, in order. */
  after(effect: () => void): void
}

export interface RangeOptions {
  /** The rest of a key behind the prefix: included. */
  from?: string
  /** Excluded. */
  before?: string
  limit?: number
  reverse?: boolean
}

interface Job {
  work: (transaction: Transaction) => unknown
  isDurable: boolean
  resolve: (value: never) => void
  reject: (error: unknown) => void
}

/** Bounds how long the first of a group waits for the last: some 256 ratchet steps, about 30 ms. */
const MAX_GROUP = 256

export class Journal {
  readonly #store: Store
  readonly #log: Log
  #queue: Job[] = []
  #running: Promise<void> | undefined

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Pieces of work that wait. Doors that strangers knock on look here before they add one. */
  get waiting(): number {
    return this.#queue.length
  }

  get store(): Store {
    return this.#store
  }

  /**
   * Resolves when the work is on the disk. With `lazy` it may be lost by a crash of the whole computer (never by one of
   * this program): for what would be learnt again. Errors: the work's own, store-full, store-damaged, closed.
   */
  run<T>(work: (transaction: Transaction) => T | Promise<T>, options?: { lazy?: boolean }): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        work,
        isDurable: options?.lazy !== true,
        resolve: resolve as Job['resolve'],
        reject,
      })
      this.#running ??= this.#drain()
    })
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #drain(): Promise<void> {
    await undefined // what is asked for in the same turn joins the first group
    while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0, MAX_GROUP))
    this.#running = undefined // in the same breath as the look at the queue: nothing can be added unseen
  }

  async #commit(jobs: Job[]): Promise<void> {
    const group = new Layer(new Ground(this.#store))
    const done: { job: Job; value: unknown }[] = []
    for (const job of jobs) {
      const own = new Layer(group)
      try {
        const value = await job.work(own)
        own.mergeInto(group)
        done.push({ job, value })
      } catch (error) {
        job.reject(error)
      }
    }
    try {
      if (group.writes.size > 0)
        await this.#store.write(group.batch(), { sync: done.some(({ job }) => job.isDurable) })
    } catch (error) {
      for (const { job } of done) job.reject(error)
      return
    }
    group.settle((error) =>
      this.#log.log('error', 'chat', 'an effect failed', { code: codeOf(error), error: String(error) }),
    )
    for (const { job, value } of done) job.resolve(value as never)
  }
}

/** What layers stand on: the disk. */
class Ground {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get(key: string): Promise<Bytes | undefined> {
    return this.#store.get(utf8(key))
  }

  async range(prefix: string, options: RangeOptions): Promise<{ key: string; value: Bytes }[]> {
    const { from, to } = bounds(prefix, options)
    const entries = await this.#store.range({
      from: utf8(from),
      to: utf8(to),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      reverse: options.reverse === true,
    })
    return entries.map(({ key, value }) => ({ key: fromUtf8(key), value }))
  }

  row<T>(table: Table<T>, id: string): Row<T> | undefined {
    return table.get(id)
  }
}

/** Changes on top of what lies below: a piece of work on its group, a group on the disk. */
class Layer implements Transaction {
  readonly writes = new Map<string, Bytes | undefined>()
  readonly #below: Ground | Layer
  readonly #rows = new Map<string, { table: Table<unknown>; id: string; value: unknown }>()
  readonly #effects: (() => void)[] = []

  constructor(below: Ground | Layer) {
    this.#below = below
  }

  async get(key: string): Promise<Bytes | undefined> {
    return this.writes.has(key) ? this.writes.get(key) : this.#below.get(key)
  }

  put(key: string, value: Bytes): void {
    this.writes.set(key, value)
  }

  del(key: string): void {
    this.writes.set(key, undefined)
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<{ key: string; value: Bytes }[]> {
    const { from, to } = bounds(prefix, options)
    const changed = [...this.writes].filter(([key]) => key >= from && key < to)
    const { limit, ...rest } = options
    // deleted keys may take places below, so ask for that many more
    const wider = limit === undefined ? rest : { ...rest, limit: limit + changed.length }
    const entries = new Map((await this.#below.range(prefix, wider)).map(({ key, value }) => [key, value]))
    for (const [key, value] of changed) {
      if (value) entries.set(key, value)
      else entries.delete(key)
    }
    const sorted = [...entries]
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    if (options.reverse) sorted.reverse()
    return sorted.slice(0, limit)
  }

  row<T>(table: Table<T>, id: string): Row<T> | undefined {
    const changed = this.#rows.get(table.keyOf(id))
    return changed ? (changed.value as Row<T> | undefined) : this.#below.row(table, id)
  }

  setRow<T>(table: Table<T>, id: string, value: T | undefined): void {
    const key = table.keyOf(id)
    this.#rows.set(key, { table: table as Table<unknown>, id, value })
    this.writes.set(key, value === undefined ? undefined : toJson(value))
  }

  after(effect: () => void): void {
    this.#effects.push(effect)
  }

  mergeInto(group: Layer): void {
    for (const [key, value] of this.writes) group.writes.set(key, value)
    for (const [key, row] of this.#rows) group.#rows.set(key, row)
    group.#effects.push(...this.#effects)
  }

  batch(): StoreWrite[] {
    return [...this.writes].map(([key, value]) =>
      value ? { type: 'put', key: utf8(key), value } : { type: 'del', key: utf8(key) },
    )
  }

  /** The batch is on the disk: memory follows. */
  settle(failed: (error: unknown) => void): void {
    for (const { table, id, value } of this.#rows.values()) table.settle(id, value)
    for (const effect of this.#effects) {
      try {
        effect()
      } catch (error) {
        failed(error) // one effect must not keep the others from happening
      }
    }
  }
}

/** The first key behind every key with the prefix: '~' sorts after all characters that keys are made of. */
function bounds(prefix: string, options: RangeOptions): { from: string; to: string } {
  return { from: prefix + (options.from ?? ''), to: prefix + (options.before ?? '~') }
}
