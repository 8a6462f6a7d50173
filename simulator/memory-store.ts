import { type Bytes } from '../main/overlay/base/bytes.ts'
import { type Store, type StoreWrite } from '../main/overlay/ports/store.ts'

/**
 * The Store port in memory. A node that crashes keeps it, as a computer keeps its disk. Keys and values are strings with a
 * character for each byte: half the size of hex, in the order of bytes, and without the 200 bytes that an array costs.
 */
export class MemoryStore implements Store {
  readonly #values = new Map<string, string>()
  #sorted: string[] | undefined

  async get(key: Uint8Array): Promise<Bytes | undefined> {
    const value = this.#values.get(toText(key))
    return value === undefined ? undefined : toBytes(value)
  }

  async write(writes: StoreWrite[]): Promise<void> {
    for (const write of writes) {
      const key = toText(write.key)
      if (write.type === 'put') {
        if (!this.#values.has(key)) this.#sorted = undefined
        this.#values.set(key, toText(write.value))
      } else if (this.#values.delete(key)) this.#sorted = undefined
    }
  }

  async range(options: {
    from: Uint8Array
    to: Uint8Array
    limit?: number
    reverse?: boolean
  }): Promise<{ key: Bytes; value: Bytes }[]> {
    const [from, to] = [toText(options.from), toText(options.to)]
    this.#sorted ??= [...this.#values.keys()].sort()
    const keys = this.#sorted.filter((key) => key >= from && key < to)
    if (options.reverse) keys.reverse()
    return keys
      .slice(0, options.limit ?? keys.length)
      .map((key) => ({ key: toBytes(key), value: toBytes(this.#values.get(key)!) }))
  }
}

/** As many characters as a call may have arguments anywhere. */
const CHUNK = 8192

function toText(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += CHUNK)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + CHUNK) as unknown as number[])
  return text
}

function toBytes(text: string): Bytes {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
