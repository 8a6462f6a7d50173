// Records that are few enough to be held in memory as a whole (contacts, conversations), one JSON value per key. Reading
// sees what is on the disk; changing goes through a Transaction.

import { fromUtf8, utf8 } from '../../overlay/base/bytes.ts'
import { type Store } from '../../overlay/ports/store.ts'
import { fromJson } from './json.ts'

export type Row<T> = Readonly<T>

export class Table<T> {
  readonly #prefix: string
  readonly #rows = new Map<string, Row<T>>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  async load(store: Store): Promise<void> {
    this.#rows.clear()
    const entries = await store.range({ from: utf8(this.#prefix), to: utf8(`${this.#prefix}~`) })
    for (const { key, value } of entries)
      this.#rows.set(fromUtf8(key).slice(this.#prefix.length), fromJson<T>(value))
  }

  get(id: string): Row<T> | undefined {
    return this.#rows.get(id)
  }

  has(id: string): boolean {
    return this.#rows.has(id)
  }

  values(): IterableIterator<Row<T>> {
    return this.#rows.values()
  }

  get size(): number {
    return this.#rows.size
  }

  keyOf(id: string): string {
    return this.#prefix + id
  }

  /** Called by the journal only, when the disk has it. */
  settle(id: string, value: T | undefined): void {
    if (value === undefined) this.#rows.delete(id)
    else this.#rows.set(id, value)
  }
}
