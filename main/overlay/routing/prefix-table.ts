// Pastry's routing table with b = 4: row l, column d holds a node that shares l digits with this one and has d as its next
// digit. Of several that fit, the one with the shortest measured round trip stays (proximity neighbour selection).

import { digitAt, type NodeId, sharedPrefixLength } from '../base/id.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Of a Pastry digit, b = 4. */
export const DIGITS = 16

interface Entry {
  record: PeerRecord
  rttMs: number
}

/** A newcomer must be clearly nearer, so that noise in the measurements does not turn entries over. */
const CLEARLY_NEARER = 0.8

export class PrefixTable {
  readonly #self: NodeId
  readonly #entries = new Map<number, Entry>()

  constructor(self: NodeId) {
    this.#self = self
  }

  get size(): number {
    return this.#entries.size
  }

  has(id: NodeId): boolean {
    return this.#entries.get(this.#slot(id))?.record.id === id
  }

  /** The slot of this node is empty. */
  wants(id: NodeId): boolean {
    return id !== this.#self && !this.#entries.has(this.#slot(id))
  }

  /** Takes a linked node in where it fits and is nearer than who is there. */
  add(record: PeerRecord, rttMs: number): boolean {
    if (record.id === this.#self) return false
    const slot = this.#slot(record.id)
    const present = this.#entries.get(slot)
    if (present && present.record.id !== record.id && !(rttMs < CLEARLY_NEARER * present.rttMs)) return false
    this.#entries.set(slot, { record, rttMs: rttMs > 0 ? rttMs : Infinity })
    return present?.record.id !== record.id
  }

  remove(id: NodeId): boolean {
    return this.has(id) && this.#entries.delete(this.#slot(id))
  }

  /** Bit d is set where the row has no entry for digit d; this node's own digit needs none. */
  missing(row: number): number {
    let mask = 0
    for (let digit = 0; digit < DIGITS; digit++)
      if (!this.#entries.has(DIGITS * row + digit)) mask |= 1 << digit
    return mask & ~(1 << digitAt(this.#self, row))
  }

  records(): PeerRecord[] {
    return [...this.#entries.values()].map((entry) => entry.record)
  }

  /** What a node that shares `row` digits with this one can use for its own row. */
  row(row: number): PeerRecord[] {
    const records: PeerRecord[] = []
    for (let digit = 0; digit < DIGITS; digit++) {
      const entry = this.#entries.get(DIGITS * row + digit)
      if (entry) records.push(entry.record)
    }
    return records
  }

  #slot(id: NodeId): number {
    const row = sharedPrefixLength(this.#self, id)
    return DIGITS * row + digitAt(id, row)
  }
}
