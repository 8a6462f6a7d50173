// Fills the empty places of the prefix table. A message goes to a random key in such a place's range; whoever it ends at names
// itself and those of its links that fit any empty place of the row. Behind a NAT its links are nodes that such hosts can
// reach, which is what an asker behind a NAT needs. A place that stays empty is asked for ever more seldom: in the last
// rows most have nobody to fill them.

import { toHex } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { clockwise, digitAt, ID_BYTES, type Id, type NodeId } from '../base/id.ts'
import { shuffled } from '../base/shuffled.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Paths } from '../ports/paths.ts'
import { type Application, type Routes } from '../ports/routes.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { decodeNamed, decodeRow, encodeNamed, encodeRow } from '../wire/ring-questions.ts'
import { LEAVES_PER_SIDE } from './leaf-set.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'
import { DIGITS } from './prefix-table.ts'

/** A join brings most of a table; the rest is asked for at leisure, and seldom where nobody who is named can be linked. */
const LEAST_PERIOD_MS = 6000
const MOST_PERIOD_MS = 120_000
const GROWTH = 1.3
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 1_800_000
const TIMEOUT_MS = 5000
/** So many for a place, the one who answers included: some cannot be linked. */
const NAMED_PER_PLACE = 2
const MAX_NAMED = 12

interface Pause {
  untilMs: number
  lengthMs: number
}

export class RowRepair {
  readonly #around: Surroundings
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #routes: Routes
  readonly #paths: Paths
  /** By row and digit; only of places that were asked for and are still empty. */
  readonly #pauses = new Map<number, Pause>()
  #periodMs = LEAST_PERIOD_MS
  #lastSize = 0

  constructor(
    around: Surroundings,
    parts: { membership: Membership; keeper: LinkKeeper; routes: Routes; paths: Paths },
  ) {
    this.#around = around
    this.#membership = parts.membership
    this.#keeper = parts.keeper
    this.#routes = parts.routes
    this.#paths = parts.paths
    parts.routes.register(APPLICATION.row, this.#application())
  }

  start(): void {
    this.#around.timers.every(
      () => this.#nextPeriodMs() * (0.5 + this.#around.random.unit()),
      () => void this.#repair(),
    )
  }

  #nextPeriodMs(): number {
    const { size } = this.#membership.table
    const hasGrown = size > this.#lastSize
    this.#lastSize = size
    this.#periodMs = hasGrown ? LEAST_PERIOD_MS : Math.min(GROWTH * this.#periodMs, MOST_PERIOD_MS)
    return this.#periodMs
  }

  async #repair(): Promise<void> {
    if (this.#paths.isWhole()) return
    const place = this.#emptyPlace()
    if (!place) return
    const { row, digit } = place
    this.#pause(row, digit)
    const key = this.#keyIn(row, digit)
    const question = encodeRow(row, this.#membership.table.missing(row))
    try {
      const reply = await this.#routes.request(key, APPLICATION.row, question, {
        timeoutMs: TIMEOUT_MS,
        isOnce: true,
      })
      this.#keeper.learn(decodeNamed(reply.payload, this.#around))
    } catch (error) {
      this.#around.drops.count(`row: ${codeOf(error)}`)
    }
  }

  /** The first that may be asked for, from a random digit on in the lowest row that has one. */
  #emptyPlace(): { row: number; digit: number } | undefined {
    const nowMs = this.#around.clock.nowMs()
    const rows = this.#populatedRows()
    for (let row = 0; row < rows; row++) {
      const missing = this.#membership.table.missing(row)
      const first = this.#around.random.below(DIGITS)
      for (let i = 0; i < DIGITS; i++) {
        const digit = (first + i) % DIGITS
        const isMissing = (missing >> digit) & 1
        if (isMissing && (this.#pauses.get(DIGITS * row + digit)?.untilMs ?? 0) <= nowMs)
          return { row, digit }
        if (!isMissing) this.#pauses.delete(DIGITS * row + digit)
      }
    }
    return undefined
  }

  #pause(row: number, digit: number): void {
    const place = DIGITS * row + digit
    const lengthMs = Math.min(2 * (this.#pauses.get(place)?.lengthMs ?? FIRST_PAUSE_MS / 2), LONGEST_PAUSE_MS)
    this.#pauses.set(place, { lengthMs, untilMs: this.#around.clock.nowMs() + lengthMs })
  }

  /** Rows whose places would hold a node or more each, as densely as the leaf set lies. */
  #populatedRows(): number {
    const { leafSet, self } = this.#membership
    const [lowest, highest] = [leafSet.below[LEAVES_PER_SIDE - 1], leafSet.above[LEAVES_PER_SIDE - 1]]
    if (leafSet.isWholeRing || !lowest || !highest) return 0
    const span = Number(clockwise(lowest, self) + clockwise(self, highest)) / 2 ** (8 * ID_BYTES)
    return Math.floor(Math.log2((2 * LEAVES_PER_SIDE) / span) / Math.log2(DIGITS))
  }

  #keyIn(row: number, digit: number): Id {
    const { self } = this.#membership
    const tail = toHex(this.#around.random.bytes(ID_BYTES)).slice(row + 1)
    return (self.slice(0, row) + digit.toString(DIGITS) + tail) as Id
  }

  #application(): Application {
    return {
      deliver: ({ payload, source }) => {
        const { row, missing } = decodeRow(payload)
        const prefix = source.slice(0, row)
        const named = new Map<number, PeerRecord[]>()
        const isFit = (id: NodeId): boolean =>
          id !== source && id.startsWith(prefix) && ((missing >> digitAt(id, row)) & 1) === 1
        const offer = (record: PeerRecord | undefined): void => {
          if (!record) return
          const digit = digitAt(record.id, row)
          const present = named.get(digit) ?? []
          if (present.length < NAMED_PER_PLACE) named.set(digit, [...present, record])
        }
        const { self, own } = this.#membership
        // By its id first: a node has a hundred links, and few of them fit.
        for (const id of shuffled(this.#membership.linked(), this.#around.random))
          if (isFit(id)) offer(this.#membership.linkTo(id)?.peer)
        if (isFit(self) && !named.has(digitAt(self, row))) offer(own)
        return encodeNamed([...named.values()].flat().slice(0, MAX_NAMED))
      },
    }
  }
}
