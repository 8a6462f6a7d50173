// Pastry's routing table with b = 4: row l, column d holds a node that shares l digits with this one and has d as its next
// digit. Of several that fit, the one with the shortest measured round trip stays (proximity neighbour selection). Ids cost work,
// but whoever has a rack of computers has many: what is taken to have one owner gets few of the places (DESIGN §10), so that he
// does not carry most of a node's routes. Places that stay empty for that are served by the leaf set and rows of others.

import { digitAt, type NodeId, sharedPrefixLength } from '../base/id.ts'
import { placeOf } from '../base/sorted-place.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Of a Pastry digit, b = 4. */
export const DIGITS = 16

/** Of one range of addresses: in a row, and in the table. */
const ROW_SHARE = 2
const TABLE_SHARE = 10
/** An address that says nothing of an owner: of a LAN, of this computer, a circuit, or none. */
export const NO_RANGE = ''

/** A newcomer must be clearly nearer, so that noise in the measurements does not turn entries over. */
const CLEARLY_NEARER = 0.8

/** Entries lie in four arrays, in the order of their slots: as objects in a map they would take three times as much. */
export class PrefixTable {
  readonly #self: NodeId
  /** Row and digit in one number. */
  readonly #slots: number[] = []
  readonly #records: PeerRecord[] = []
  readonly #rttMs: number[] = []
  readonly #ranges: string[] = []

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

  /** Whoever has these addresses has not as many places as one owner gets. */
  hasRoomFor(id: NodeId, range: string): boolean {
    if (range === NO_RANGE) return true
    const slot = this.#slot(id)
    const [first, end] = this.#rowOf(slot)
    let [inRow, inTable] = [0, 0]
    for (const [at, each] of this.#ranges.entries()) {
      if (each !== range || this.#slots[at] === slot) continue
      inTable++
      if (at >= first && at < end) inRow++
    }
    return inRow < ROW_SHARE && inTable < TABLE_SHARE
  }

  /** Takes a linked node in where it fits, is nearer than who is there, and `range` (where it is reached) has room. */
  add(record: PeerRecord, rttMs: number, range = NO_RANGE): boolean {
    if (record.id === this.#self || !this.hasRoomFor(record.id, range)) return false
    const slot = this.#slot(record.id)
    const present = this.#at(slot)
    const place = placeOf(this.#slots, slot)
    if (present && present.id !== record.id && !(rttMs < CLEARLY_NEARER * this.#rttMs[place]!)) return false
    if (!present) this.#open(place, slot, record)
    this.#records[place] = record
    this.#rttMs[place] = rttMs > 0 ? rttMs : Infinity
    this.#ranges[place] = range
    return present?.id !== record.id
  }

  remove(id: NodeId): boolean {
    if (!this.has(id)) return false
    const place = placeOf(this.#slots, this.#slot(id))
    this.#slots.splice(place, 1)
    this.#records.splice(place, 1)
    this.#rttMs.splice(place, 1)
    this.#ranges.splice(place, 1)
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
    return this.#records.slice(...this.#rowOf(DIGITS * row))
  }

  /** From which place to which the slot's row lies. */
  #rowOf(slot: number): [first: number, end: number] {
    const row = Math.floor(slot / DIGITS)
    return [placeOf(this.#slots, DIGITS * row), placeOf(this.#slots, DIGITS * (row + 1))]
  }

  #open(place: number, slot: number, record: PeerRecord): void {
    this.#slots.splice(place, 0, slot)
    this.#records.splice(place, 0, record)
    this.#rttMs.splice(place, 0, Infinity)
    this.#ranges.splice(place, 0, NO_RANGE)
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
