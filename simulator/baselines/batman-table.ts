// One B.A.T.M.A.N. node's view of all originators: how well the last five announcements of each came in by each
// neighbour, and which neighbour is best. Its size is nodes times neighbours: this is what the protocol costs.

import { BEST_QUALITY } from './batman-links.ts'

/** BATADV_TQ_GLOBAL_WINDOW_SIZE. */
const WINDOW = 5
/** A second copy of an announcement counts unless it came by a much longer way than the first. */
const LATER_COPY_TTL = 3

export interface Announcement {
  originator: number
  sequence: number
  quality: number
  ttl: number
}

/** What is to be done with an announcement: nothing, or passing it on with this quality. */
export type Verdict = { isPassedOn: false } | { isPassedOn: true; quality: number }

const DROPPED: Verdict = { isPassedOn: false }

export class BatmanTable {
  readonly #links: Uint8Array
  readonly #received: Uint8Array
  readonly #lastSequence: Int32Array
  readonly #lastTtl: Uint8Array
  readonly #heard: Int32Array
  readonly #best: Int16Array

  /** `linkQualities`: of each neighbour, 0 to 255. */
  constructor(nodes: number, linkQualities: Uint8Array) {
    const degree = linkQualities.length
    this.#links = linkQualities
    this.#received = new Uint8Array(nodes * degree * WINDOW)
    this.#lastSequence = new Int32Array(nodes).fill(-1)
    this.#lastTtl = new Uint8Array(nodes)
    this.#heard = new Int32Array(nodes * degree).fill(-1)
    this.#best = new Int16Array(nodes).fill(-1)
  }

  /** The neighbour, as a place among the links, by which to send to an originator; -1 where none is known. */
  bestOf(originator: number): number {
    return this.#best[originator]!
  }

  get originators(): number {
    return this.#best.reduce((count, best) => count + (best >= 0 ? 1 : 0), 0)
  }

  /** From the neighbour at this place. */
  receive({ originator, sequence, quality, ttl }: Announcement, by: number): Verdict {
    const over = Math.floor((quality * this.#links[by]!) / BEST_QUALITY)
    const last = this.#lastSequence[originator]!
    const place = originator * this.#links.length + by
    if (over === 0 || sequence < last || this.#heard[place]! >= sequence) return DROPPED
    this.#heard[place] = sequence
    if (sequence > last) this.#startRow(originator, sequence, ttl)
    else if (ttl < this.#lastTtl[originator]! - LATER_COPY_TTL) return DROPPED
    this.#received[place * WINDOW + (sequence % WINDOW)] = over
    const best = this.#best[originator]!
    if (best < 0 || (best !== by && this.#mean(originator, by) > this.#mean(originator, best)))
      this.#best[originator] = by
    return this.#best[originator] === by && ttl > 1 ? { isPassedOn: true, quality: over } : DROPPED
  }

  /** A new announcement of an originator: by no neighbour has it come yet, nor have those that were missed. */
  #startRow(originator: number, sequence: number, ttl: number): void {
    const degree = this.#links.length
    const first = Math.max(this.#lastSequence[originator]! + 1, sequence - WINDOW + 1)
    for (let missed = first; missed <= sequence; missed++)
      for (let by = 0; by < degree; by++)
        this.#received[(originator * degree + by) * WINDOW + (missed % WINDOW)] = 0
    this.#lastSequence[originator] = sequence
    this.#lastTtl[originator] = ttl
  }

  /** Over those of the window that came. */
  #mean(originator: number, by: number): number {
    const start = (originator * this.#links.length + by) * WINDOW
    let [sum, count] = [0, 0]
    for (let i = start; i < start + WINDOW; i++) {
      sum += this.#received[i]!
      if (this.#received[i]! > 0) count++
    }
    return count === 0 ? 0 : sum / count
  }
}
