import { type Id } from './id.ts'
import { placeOf } from './sorted-place.ts'

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

  /** In ring order of their ids. */
  get values(): readonly V[] {
    return this.#values
  }

  get(id: Id): V | undefined {
    const place = placeOf(this.#ids, id)
    return this.#ids[place] === id ? this.#values[place] : undefined
  }

  has(id: Id): boolean {
    return this.#ids[placeOf(this.#ids, id)] === id
  }

  set(id: Id, value: V): void {
    const place = placeOf(this.#ids, id)
    if (this.#ids[place] === id) {
      this.#values[place] = value
      return
    }
    this.#ids.splice(place, 0, id)
    this.#values.splice(place, 0, value)
  }

  /** Only of what is in here. */
  replace(id: Id, value: V): void {
    const place = placeOf(this.#ids, id)
    if (this.#ids[place] === id) this.#values[place] = value
  }

  delete(id: Id): boolean {
    const place = placeOf(this.#ids, id)
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
    const place = placeOf(this.#ids, id)
    // Made as long as it will be: growing one takes twice its memory, and it is asked for again and again.
    const values = new Array<V>(length)
    for (let i = 0, at = 0; at < length; i++) {
      values[at++] = this.#values[(place + i) % length]!
      if (at < length) values[at++] = this.#values[(place + length - 1 - i) % length]!
    }
    return values
  }
}
