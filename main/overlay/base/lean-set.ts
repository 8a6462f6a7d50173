const NOTHING: ReadonlySet<never> = new Set<never>()

/** A set that takes next to nothing while it is empty, as most of a quiet node's are. */
export class LeanSet<T> implements Set<T> {
  #filled: Set<T> | undefined = undefined

  get size(): number {
    return this.#filled?.size ?? 0
  }

  has(value: T): boolean {
    return this.#filled?.has(value) ?? false
  }

  add(value: T): this {
    this.#filled ??= new Set<T>()
    this.#filled.add(value)
    return this
  }

  delete(value: T): boolean {
    const was = this.#filled?.delete(value) ?? false
    if (this.#filled?.size === 0) this.#filled = undefined
    return was
  }

  /** Whoever goes through it sees it end, as with any other set. */
  clear(): void {
    this.#filled?.clear()
    this.#filled = undefined
  }

  forEach(action: (value: T, again: T, set: Set<T>) => void): void {
    for (const value of this) action(value, value, this)
  }

  entries(): SetIterator<[T, T]> {
    return this.#any.entries()
  }

  keys(): SetIterator<T> {
    return this.#any.values()
  }

  values(): SetIterator<T> {
    return this.#any.values()
  }

  [Symbol.iterator](): SetIterator<T> {
    return this.values()
  }

  get [Symbol.toStringTag](): string {
    return 'LeanSet'
  }

  get #any(): ReadonlySet<T> {
    return this.#filled ?? NOTHING
  }
}
