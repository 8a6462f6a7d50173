// Pastry's routing table with b = 4: row l, column d holds a node that shares l digits with this one and has d as its next
// digit. Of several that fit, the one with the shortest measured round trip stays (proximity neighbour selection).

import { digitAt, type NodeId, sharedPrefixLength } from '../base/id.ts'
import { placeOf } from '../base/sorted-place.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Of a Pastry digit, b = 4. */
export const DIGITS = 16

/** A newcomer must be clearly nearer, so that noise in the measurements does not turn entries over. */
const CLEARLY_NEARER = 0.8

/** Entries lie in three arrays, in the order of their slots: as objects in a map they would take three times as much. */
export class PrefixTable {
  readonly #self: NodeId
  /** Row and digit in one number. */
  readonly #slots: number[] = []
  readonly #records: PeerRecord[] = []
  readonly #rttMs: number[] = []

  constructor(self: NodeId) {
    this.#self = self
  }

  get size(): number {
    return this.#slots.length
  }

  has(id: NodeId): boolean {
    return this.#at(this.#slot(id))?.id === id
  }

  /** The slot of this node is empty. */
  wants(id: NodeId): boolean {
    return id !== this.#self && !this.#at(this.#slot(id))
  }

  /** Takes a linked node in where it fits and is nearer than who is there. */
  add(record: PeerRecord, rttMs: number): boolean {
    if (record.id === this.#self) return false
    const slot = this.#slot(record.id)
    const present = this.#at(slot)
    const place = placeOf(this.#slots, slot)
    if (present && present.id !== record.id && !(rttMs < CLEARLY_NEARER * this.#rttMs[place]!)) return false
    const replaced = present ? 1 : 0
    this.#slots.splice(place, replaced, slot)
    this.#records.splice(place, replaced, record)
    this.#rttMs.splice(place, replaced, rttMs > 0 ? rttMs : Infinity)
    return present?.id !== record.id
  }

  remove(id: NodeId): boolean {
    if (!this.has(id)) return false
    const place = placeOf(this.#slots, this.#slot(id))
    this.#slots.splice(place, 1)
    this.#records.splice(place, 1)
    this.#rttMs.splice(place, 1)
    return true
  }

  /** Bit d is set where the row has no entry for digit d; this node's own digit needs none. */
  missing(row: number): number {
    let mask = 0
    for (let digit = 0; digit < DIGITS; digit++) if (!this.#at(DIGITS * row + digit)) mask |= 1 << digit
    return mask & ~(1 << digitAt(this.#self, row))
  }

  records(): PeerRecord[] {
    return [...this.#records]
  }

  /** What a node that shares `row` digits with this one can use for its own row. */
  row(row: number): PeerRecord[] {
    return this.#records.slice(placeOf(this.#slots, DIGITS * row), placeOf(this.#slots, DIGITS * (row + 1)))
  }

  #at(slot: number): PeerRecord | undefined {
    const place = placeOf(this.#slots, slot)
    return this.#slots[place] === slot ? this.#records[place] : undefined
  }

  #slot(id: NodeId): number {
    const row = sharedPrefixLength(this.#self, id)
    return DIGITS * row + digitAt(id, row)
  }
}
