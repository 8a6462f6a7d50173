// Which messages may cut links that the tree needs. Two in flight at once meet themselves at two places of one cycle, and where
// both cut it, somebody is cut off; who then grafts makes the next cycles. So the busier a mesh is, the fewer of its messages
// cut: drawn by their ids, the same for all members, and seldom two at a time.

import { type Clock } from '../ports/clock.ts'
import { type MessageId } from '../wire/mesh-messages.ts'
import { type Arrivals } from './arrivals.ts'

export class AgreedCuts {
  readonly #clock: Clock
  readonly #arrivals: Arrivals
  readonly #apartMs: number

  /** `apartMs`: of the messages of such a time one is to cut. */
  constructor(clock: Clock, arrivals: Arrivals, apartMs: number) {
    this.#clock = clock
    this.#arrivals = arrivals
    this.#apartMs = apartMs
  }

  /** Of a message that has come. Members that count a little differently agree on most. */
  isCutting(id: MessageId): boolean {
    return shareOf(id) < this.#share()
  }

  /** 1, halved each time that twice as many have come lately, as far as is remembered: in steps, so that most members are at the same. */
  #share(): number {
    const sinceMs = this.#clock.nowMs() - this.#apartMs
    let share = 1
    for (let before = 1; this.#arrivals.timeMs(before) >= sinceMs; before *= 2) share /= 2
    return share
  }
}

/** Evenly spread over [0, 1). */
function shareOf(id: MessageId): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32
}
