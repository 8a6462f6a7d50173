// What this node has done for others this month, over restarts: bytes passed on, and how many nodes were helped. The nodes
// are not remembered, only a bit for each of them in a map of fixed size, from which their number follows (linear counting,
// Whang, Vander-Zanden and Taylor 1990): so nobody who reads the disk learns whom it helped, and no crowd fills it.

import { type Bytes, utf8 } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Store } from '../ports/store.ts'
import { Reader, Writer } from '../wire/codec.ts'

const KEY = utf8('relay/month')
/** Chosen: a crash loses so much at most. */
const SAVE_MS = 60_000
/** Chosen: within 2 % up to some 20,000 nodes, in 2 KiB. */
const MAP_BITS = 16_384
const DAY_MS = 86_400_000

interface Month {
  number: number
  bytes: number
  map: Bytes
}

export class MonthlyUse {
  readonly #around: Surroundings
  readonly #store: Store
  #month: Month
  #saving: Timer | undefined
  #isChanged = false

  constructor(around: Surroundings, store: Store) {
    this.#around = around
    this.#store = store
    this.#month = emptyMonth(monthOf(around.clock.wallMs()))
  }

  /** Passed on this month, counted once. */
  get bytes(): number {
    return this.#month.bytes
  }

  /** Distinct nodes this month, about. */
  get people(): number {
    const taken = this.#month.map.reduce((sum, byte) => sum + bitsIn(byte), 0)
    const free = Math.max(1, MAP_BITS - taken)
    return Math.round(MAP_BITS * Math.log(MAP_BITS / free))
  }

  /** What was done before the restart, if it was this month. */
  async load(): Promise<void> {
    const stored = await this.#store.get(KEY)
    if (!stored) return
    try {
      const month = decode(stored)
      if (month.number !== this.#month.number) return
      month.bytes += this.#month.bytes
      month.map.forEach((byte, i) => (month.map[i] = byte | this.#month.map[i]!))
      this.#month = month
    } catch (error) {
      this.#around.drops.count(`relay use: ${codeOf(error)}`) // a damaged count is begun anew
    }
  }

  carried(bytes: number): void {
    this.#month.bytes += bytes
    this.#saveLater()
  }

  helped(id: NodeId): void {
    const bit = parseInt(id.slice(0, 8), 16) % MAP_BITS
    this.#month.map[bit >> 3]! |= 1 << (bit & 7)
    this.#saveLater()
  }

  async save(): Promise<void> {
    this.#saving?.cancel()
    this.#saving = undefined
    this.turn()
    if (!this.#isChanged) return
    this.#isChanged = false
    try {
      await this.#store.write([{ type: 'put', key: KEY, value: encode(this.#month) }])
    } catch (error) {
      this.#around.drops.count(`relay use: ${codeOf(error)}`) // the next time, perhaps
    }
  }

  /** Another month may have begun. */
  turn(): void {
    const number = monthOf(this.#around.clock.wallMs())
    if (number > this.#month.number) this.#month = emptyMonth(number)
  }

  #saveLater(): void {
    this.#isChanged = true
    if (this.#saving) return
    this.turn()
    this.#saving = this.#around.timers.after(SAVE_MS, () => {
      this.#saving = undefined
      void this.save()
    })
  }
}

function emptyMonth(number: number): Month {
  return { number, bytes: 0, map: new Uint8Array(MAP_BITS / 8) }
}

function encode({ number, bytes, map }: Month): Bytes {
  return new Writer(32 + map.length).u32(number).u64(bytes).bytes(map).finish()
}

/** Errors: malformed. */
function decode(stored: Bytes): Month {
  const reader = new Reader(stored)
  const month = { number: reader.u32(), bytes: reader.u64(), map: reader.bytes(MAP_BITS / 8) }
  reader.end()
  return month
}

function bitsIn(byte: number): number {
  let bits = 0
  for (let rest = byte; rest > 0; rest &= rest - 1) bits++
  return bits
}

/**
 * The calendar month in UTC, counted from the year 0: days since 1970 by the civil calendar's rule that a year which begins
 * in March has its leap day last (Hinnant, "chrono-compatible low-level date algorithms").
 */
export function monthOf(wallMs: number): number {
  const days = Math.floor(wallMs / DAY_MS) + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  return 12 * (era * 400 + yearOfEra) + monthFromMarch + 2
}
