import { type Id } from './id.ts'

/**
 * What is known of some ids, in ring order. Two sorted arrays: a third of what a map takes, next to nothing while it is empty,
 * and as quick for some hundred ids.
 */
export class IdMap<V> {
  readonly #ids: Id[] = []
  readonly #values: V[] = []

  get size(): number {
    return this.#ids.length
  }

  /** In ring order. */
  get ids(): readonly Id[] {
    return this.#ids
  }

  get(id: Id): V | undefined {
    const place = this.#placeOf(id)
    return this.#ids[place] === id ? this.#values[place] : undefined
  }

  has(id: Id): boolean {
    return this.#ids[this.#placeOf(id)] === id
  }

  set(id: Id, value: V): void {
    const place = this.#placeOf(id)
    if (this.#ids[place] === id) {
      this.#values[place] = value
      return
    }
    this.#ids.splice(place, 0, id)
    this.#values.splice(place, 0, value)
  }

  /** Only of what is in here. */
  replace(id: Id, value: V): void {
    const place = this.#placeOf(id)
    if (this.#ids[place] === id) this.#values[place] = value
  }

  delete(id: Id): boolean {
    const place = this.#placeOf(id)
    if (this.#ids[place] !== id) return false
    this.#ids.splice(place, 1)
    this.#values.splice(place, 1)
    return true
  }

  clear(): void {
    this.#ids.length = 0
    this.#values.length = 0
  }

  /** A copy of all values: of those next to that id on the ring first, one above and one below by turns. */
  valuesAround(id: Id): V[] {
    const { length } = this.#values
    const place = this.#placeOf(id)
    const values: V[] = []
    for (let i = 0; values.length < length; i++) {
      values.push(this.#values[(place + i) % length]!)
      if (values.length < length) values.push(this.#values[(place + length - 1 - i) % length]!)
    }
    return values
  }

  /** Of the first id that is not below this one. */
  #placeOf(id: Id): number {
    const ids = this.#ids
    let low = 0
    let high = ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
