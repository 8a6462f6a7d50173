// Ids in ring order, so that the closest to a key is found in a few steps however many there are: a hub with thousands
// of links decides as fast as a newcomer with ten.

import { compareDistance, type Id, roughlyApart, sharedPrefixLength } from './id.ts'
import { placeOf } from './sorted-place.ts'

/** Going up the ring from a place, a comes before b. Ids are hex, so string order is ring order. */
export function comesBefore(from: Id, a: Id, b: Id): boolean {
  const aWraps = a < from
  const bWraps = b < from
  return aWraps === bWraps ? a < b : bWraps
}

export class RingIndex {
  readonly #sorted: Id[] = []

  get size(): number {
    return this.#sorted.length
  }

  /** In ring order. */
  get ids(): readonly Id[] {
    return this.#sorted
  }

  has(id: Id): boolean {
    return this.#sorted[placeOf(this.#sorted, id)] === id
  }

  add(id: Id): void {
    const place = placeOf(this.#sorted, id)
    if (this.#sorted[place] !== id) this.#sorted.splice(place, 0, id)
  }

  remove(id: Id): void {
    const place = placeOf(this.#sorted, id)
    if (this.#sorted[place] === id) this.#sorted.splice(place, 1)
  }

  /** The closest to a key of those that are wanted: the nearer of the first on each side. */
  closest(key: Id, isWanted: (id: Id) => boolean): Id | undefined {
    const place = placeOf(this.#sorted, key)
    const up = this.#seek(place, 1, isWanted)
    const down = this.#seek(place - 1, -1, isWanted)
    if (!up || !down) return up ?? down
    return compareDistance(key, up, down) <= 0 ? up : down
  }

  /**
   * Of those that are wanted the one that shares the longest prefix with a key, of several the closest; and the closest in any
   * case where it is no farther than `near` (roughlyApart). Only the two beside the key can share the longest.
   */
  alike(key: Id, near: number, isWanted: (id: Id) => boolean): Id | undefined {
    const place = placeOf(this.#sorted, key)
    const up = this.#seek(place, 1, isWanted)
    const down = this.#seek(place - 1, -1, isWanted)
    if (!up || !down) return up ?? down
    const [closest, other] = compareDistance(key, up, down) <= 0 ? [up, down] : [down, up]
    const isOtherMoreAlike = sharedPrefixLength(key, other) > sharedPrefixLength(key, closest)
    return isOtherMoreAlike && roughlyApart(key, closest) > near ? other : closest
  }

  /** The n-th of those that are wanted beside an id, going up the ring, or down for n < 0; the last there is before it again. */
  beside(id: Id, n: number, isWanted: (id: Id) => boolean): Id {
    const step = n < 0 ? -1 : 1
    let found = id
    for (let i = 0; i < Math.abs(n); i++) {
      const place = placeOf(this.#sorted, found)
      const isIn = this.#sorted[place] === found
      const next = this.#seek(step > 0 && !isIn ? place : place + step, step, isWanted)
      if (!next || next === id || (found !== id && isPast(id, step, found, next))) break
      found = next
    }
    return found
  }

  #seek(from: number, step: number, isWanted: (id: Id) => boolean): Id | undefined {
    const { length } = this.#sorted
    for (let i = 0; i < length; i++) {
      const id = this.#sorted[(((from + i * step) % length) + length) % length]!
      if (isWanted(id)) return id
    }
    return undefined
  }
}

/** Stepping from one to the next led past the place that the steps began at. */
function isPast(start: Id, step: number, found: Id, next: Id): boolean {
  return step > 0 ? !comesBefore(start, found, next) : !comesBefore(start, next, found)
}
