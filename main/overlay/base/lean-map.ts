const NOTHING: ReadonlyMap<never, never> = new Map<never, never>()

/** A map that takes next to nothing while it is empty, as most of a quiet node's are. */
export class LeanMap<K, V> implements Map<K, V> {
  #filled: Map<K, V> | undefined = undefined

  get size(): number {
    return this.#filled?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.#filled?.get(key)
  }

  has(key: K): boolean {
    return this.#filled?.has(key) ?? false
  }

  set(key: K, value: V): this {
    this.#filled ??= new Map<K, V>()
    this.#filled.set(key, value)
    return this
  }

  delete(key: K): boolean {
    const was = this.#filled?.delete(key) ?? false
    if (this.#filled?.size === 0) this.#filled = undefined
    return was
  }

  /** Whoever goes through it sees it end, as with any other map. */
  clear(): void {
    this.#filled?.clear()
    this.#filled = undefined
  }

  forEach(action: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this) action(value, key, this)
  }

  entries(): MapIterator<[K, V]> {
    return this.#any.entries()
  }

  keys(): MapIterator<K> {
    return this.#any.keys()
  }

  values(): MapIterator<V> {
    return this.#any.values()
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return 'LeanMap'
  }

  get #any(): ReadonlyMap<K, V> {
    return this.#filled ?? NOTHING
  }
}
