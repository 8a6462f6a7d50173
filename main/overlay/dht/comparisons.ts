// When this node compares what it keeps with a neighbour though nothing has happened. Whatever is known to be missing is offered
// or compared at once (replication.ts); this is the net below: a disk that lost something, a put whose root died half-way.
//
//   - After a change nearby, one neighbour in a while, and the while doubles from talk to talk in which nothing moves, up to an
//     hour: a neighbourhood that has agreed ever since it changed has no reason to differ now. Who came or went,
//     or a record that had to be moved, makes it short again.
//   - A neighbour without a link costs several hops each way: one talk in four is with such a one.
//   - Who keeps nothing that the neighbour should keep, too, says nothing: the neighbour speaks if it has something.

import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'

/** With each of six that share records twice within six times this, for they come round as well. */
const FIRST_PERIOD_MS = 120_000
/** Six neighbours in six hours: far below what it takes for eight holders to lose the same record unseen. */
const LONGEST_PERIOD_MS = 3_600_000
const UNLINKED_TURN = 4

export interface ComparisonParts {
  /** Those that may keep the same records as this node. */
  sharers(): readonly NodeId[]
  isLinked(id: NodeId): boolean
  /** Nothing is said where nothing is kept. */
  compare(id: NodeId): void
}

export class Comparisons {
  readonly #around: Pick<Surroundings, 'clock' | 'random' | 'timers'>
  readonly #parts: ComparisonParts
  #timer: Timer | undefined
  #dueMs = Infinity
  #periodMs = FIRST_PERIOD_MS
  #turn = 0
  /** With whom last of those with links, and without, in the order of the ring. */
  readonly #last = new LeanMap<boolean, NodeId>()

  constructor(around: Pick<Surroundings, 'clock' | 'random' | 'timers'>, parts: ComparisonParts) {
    this.#around = around
    this.#parts = parts
  }

  /** Somebody came or went, the first of all as well, or a record had to be moved. A talk that is due sooner stays where it is. */
  unsettled(): void {
    this.#periodMs = FIRST_PERIOD_MS
    if (this.#dueMs - this.#around.clock.nowMs() > FIRST_PERIOD_MS) this.#next()
  }

  #next(): void {
    const { clock, random, timers } = this.#around
    const delayMs = this.#periodMs * (0.8 + 0.4 * random.unit())
    this.#dueMs = clock.nowMs() + delayMs
    this.#timer?.cancel()
    this.#timer = timers.after(delayMs, () => {
      this.#periodMs = Math.min(2 * this.#periodMs, LONGEST_PERIOD_MS)
      this.#compareNext()
      this.#next()
    })
  }

  #compareNext(): void {
    this.#turn = (this.#turn + 1) % UNLINKED_TURN
    const isLinkedTurn = this.#turn !== 0
    const peers = this.#parts.sharers().filter((id) => this.#parts.isLinked(id) === isLinkedTurn)
    const last = this.#last.get(isLinkedTurn)
    const next = peers.find((id) => last === undefined || id > last) ?? peers[0]
    if (next === undefined) return
    this.#last.set(isLinkedTurn, next)
    this.#parts.compare(next)
  }
}
