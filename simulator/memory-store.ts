import { type Bytes, fromHex, toHex } from '../main/overlay/base/bytes.ts'
import { type Store, type StoreWrite } from '../main/overlay/ports/store.ts'

/** The Store port in memory. A node that crashes keeps it, as a computer keeps its disk. */
export class MemoryStore implements Store {
  readonly #values = new Map<string, Bytes>()
  #sorted: string[] | undefined

  async get(key: Uint8Array): Promise<Bytes | undefined> {
    return this.#values.get(toHex(key))?.slice()
  }

  async write(writes: StoreWrite[]): Promise<void> {
    for (const write of writes) {
      const key = toHex(write.key)
      if (write.type === 'put') {
        if (!this.#values.has(key)) this.#sorted = undefined
        this.#values.set(key, Uint8Array.from(write.value))
      } else if (this.#values.delete(key)) this.#sorted = undefined
    }
  }

  async range(options: {
    from: Uint8Array
    to: Uint8Array
    limit?: number
    reverse?: boolean
  }): Promise<{ key: Bytes; value: Bytes }[]> {
    const [from, to] = [toHex(options.from), toHex(options.to)]
    this.#sorted ??= [...this.#values.keys()].sort()
    const keys = this.#sorted.filter((key) => key >= from && key < to)
    if (options.reverse) keys.reverse()
    return keys
      .slice(0, options.limit ?? keys.length)
      .map((key) => ({ key: fromHex(key)!, value: this.#values.get(key)!.slice() }))
  }
}
