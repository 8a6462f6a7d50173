import { TokenBucket } from '../base/token-bucket.ts'
import { type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'

/** A burst of a lively room, and what one person can type many times over. */
const BURST_MESSAGES = 200
const MESSAGES_PER_SECOND = 20
const BURST_BYTES = 2 * 1024 * 1024
const BYTES_PER_SECOND = 256 * 1024

/** How many publications may come over one link. */
export class PublicationGate {
  readonly #clock: Clock
  readonly #budgets = new Map<NodeId, { messages: TokenBucket; bytes: TokenBucket }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  admits(from: NodeId, bytes: number): boolean {
    const nowMs = this.#clock.nowMs()
    let budget = this.#budgets.get(from)
    if (!budget) {
      budget = {
        messages: new TokenBucket(BURST_MESSAGES, MESSAGES_PER_SECOND, nowMs),
        bytes: new TokenBucket(BURST_BYTES, BYTES_PER_SECOND, nowMs),
      }
      this.#budgets.set(from, budget)
    }
    return budget.messages.take(1, nowMs) && budget.bytes.take(bytes, nowMs)
  }

  forget(from: NodeId): void {
    this.#budgets.delete(from)
  }
}
