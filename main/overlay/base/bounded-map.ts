/** Up to this limit two arrays, searched from one end to the other, do: they take a third of what a map takes. */
const FEW = 128

/**
 * A map that forgets its oldest entry when it is full, and takes next to nothing while it is empty.
 */
export class BoundedMap<K, V> {
  readonly #limit: number
  #entries: Entries<K, V> | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.#entries?.get(key)
  }

  has(key: K): boolean {
    return this.#entries?.has(key) ?? false
  }

  /** An entry set again becomes the youngest. */
  set(key: K, value: V): void {
    const entries = (this.#entries ??= this.#limit <= FEW ? new FewEntries<K, V>() : new Map<K, V>())
    entries.delete(key)
    entries.set(key, value)
    if (entries.size > this.#limit) entries.delete(entries.keys().next().value!)
  }

  /** Oldest first. */
  keys(): Iterable<K> {
    return this.#entries?.keys() ?? []
  }

  delete(key: K): void {
    if (this.#entries?.delete(key) && this.#entries.size === 0) this.#entries = undefined
  }
}

type Entries<K, V> = Pick<Map<K, V>, 'size' | 'get' | 'has' | 'keys' | 'delete'> & {
  /** The key is not in it. */
  set(key: K, value: V): unknown
}

class FewEntries<K, V> implements Entries<K, V> {
  readonly #keys: K[] = []
  readonly #values: V[] = []

  get size(): number {
    return this.#keys.length
  }

  get(key: K): V | undefined {
    const place = this.#keys.indexOf(key)
    return place < 0 ? undefined : this.#values[place]
  }

  has(key: K): boolean {
    return this.#keys.includes(key)
  }

  keys(): ArrayIterator<K> {
    return this.#keys.values()
  }

  set(key: K, value: V): void {
    this.#keys.push(key)
    this.#values.push(value)
  }

  delete(key: K): boolean {
    const place = this.#keys.indexOf(key)
    if (place < 0) return false
    this.#keys.splice(place, 1)
    this.#values.splice(place, 1)
    return true
  }
}
