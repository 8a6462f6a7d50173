// What did not reach a neighbour is made up for later, after a pause that doubles: by one comparison where both are holders at the
// same root, whatever it was; of other roots a comparison knows nothing, and the very offer is made again. A
// neighbour that has left the leaf set meanwhile needs neither.

import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type ReplicaOffer } from '../wire/dht-messages.ts'

export const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 60_000

export interface RetryParts {
  members(): readonly NodeId[]
  compare(peer: NodeId): void
  offer(peer: NodeId, offers: ReplicaOffer[]): void
}

export class Retries {
  readonly #around: Pick<Surroundings, 'clock' | 'timers'>
  readonly #parts: RetryParts
  readonly #missed = new LeanSet<NodeId>()
  /** By receiver, and by root index and key. */
  readonly #unheard = new LeanMap<NodeId, Map<string, ReplicaOffer>>()
  #isDue = false
  #retryMs = FIRST_RETRY_MS
  #retriedMs = -Infinity

  constructor(around: Pick<Surroundings, 'clock' | 'timers'>, parts: RetryParts) {
    this.#around = around
    this.#parts = parts
  }

  /** To be compared with. */
  missed(peer: NodeId): void {
    this.#missed.add(peer)
    this.#later()
  }

  /** To be offered again. */
  unheard(peer: NodeId, offers: readonly ReplicaOffer[]): void {
    const unheard = this.#unheard.get(peer) ?? new Map<string, ReplicaOffer>()
    for (const offer of offers) unheard.set(offer.rootIndex + offer.key, offer)
    this.#unheard.set(peer, unheard)
    this.#later()
  }

  #later(): void {
    if (this.#isDue) return
    this.#isDue = true
    const nowMs = this.#around.clock.nowMs()
    if (nowMs - this.#retriedMs > 2 * LONGEST_RETRY_MS) this.#retryMs = FIRST_RETRY_MS
    this.#around.timers.after(this.#retryMs, () => {
      this.#isDue = false
      this.#retriedMs = this.#around.clock.nowMs()
      this.#retry()
    })
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
  }

  #retry(): void {
    const members = new Set(this.#parts.members())
    const missed = [...this.#missed]
    const unheard = [...this.#unheard]
    this.#missed.clear()
    this.#unheard.clear()
    for (const peer of missed) if (members.has(peer)) this.#parts.compare(peer)
    for (const [peer, offers] of unheard) if (members.has(peer)) this.#parts.offer(peer, [...offers.values()])
  }
}
