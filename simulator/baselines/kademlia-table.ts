// One node's k-buckets (Maymounkov and Mazieres 2002, §2.2 and §4.1): whoever has answered stays; a newcomer to a full
// bucket waits in its replacement cache until one of the old contacts has been silent five times in a row.

import { BUCKETS, bucketOf, xorDistance } from './xor-metric.ts'

/** The paper's k. */
export const BUCKET_SIZE = 20
/** §4.1: so many unanswered requests in a row make a contact stale. */
const STALE_AFTER = 5

interface Contact {
  host: number
  silences: number
}

export class KademliaTable {
  readonly #ids: Uint32Array
  readonly #self: number
  readonly #buckets: Contact[][] = Array.from({ length: BUCKETS }, () => [])
  readonly #waiting = new Map<number, number[]>()

  constructor(ids: Uint32Array, self: number) {
    this.#ids = ids
    this.#self = self
  }

  get size(): number {
    return this.#buckets.reduce((total, bucket) => total + bucket.length, 0)
  }

  get filledBuckets(): number {
    return this.#buckets.filter((bucket) => bucket.length > 0).length
  }

  hasRoomFor(host: number): boolean {
    return this.#bucket(host).length < BUCKET_SIZE
  }

  /** It sent or answered something. */
  heardFrom(host: number): void {
    if (host === this.#self) return
    const bucket = this.#bucket(host)
    const known = bucket.find((contact) => contact.host === host)
    if (known) known.silences = 0
    else if (bucket.length < BUCKET_SIZE) bucket.push({ host, silences: 0 })
    else this.#keepWaiting(host)
  }

  /** It did not answer in time. Without anybody to take its place it stays: it may only have been cut off for a while. */
  silentWas(host: number): void {
    const bucket = this.#bucket(host)
    const known = bucket.find((contact) => contact.host === host)
    if (!known || ++known.silences < STALE_AFTER) return
    const replacement = this.#waiting.get(this.#numberOf(host))?.pop()
    if (replacement !== undefined) bucket[bucket.indexOf(known)] = { host: replacement, silences: 0 }
  }

  /** The k contacts nearest to an id, nearest first. */
  closest(target: number): number[] {
    return this.#buckets
      .flat()
      .map(({ host }) => ({ host, distance: xorDistance(target, this.#ids[host]!) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, BUCKET_SIZE)
      .map(({ host }) => host)
  }

  #keepWaiting(host: number): void {
    const number = this.#numberOf(host)
    const waiting = (this.#waiting.get(number) ?? []).filter((other) => other !== host)
    this.#waiting.set(number, [...waiting, host].slice(-BUCKET_SIZE))
  }

  #bucket(host: number): Contact[] {
    return this.#buckets[this.#numberOf(host)]!
  }

  #numberOf(host: number): number {
    return bucketOf(this.#ids[this.#self]!, this.#ids[host]!)
  }
}
