import { type Id, type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'

/** About a megabyte of keys; a neighbour that has more to hand over offers the rest again. */
const MAX_PER_PEER = 8192
/** The sender works off what it was asked for, a few at a time. */
const PATIENCE_MS = 120_000

/** The records that this node asked its neighbours for: nobody else may send unbidden. */
export class Awaited {
  readonly #clock: Clock
  readonly #byPeer = new Map<NodeId, Map<Id, number>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** False where the neighbour owes us as much as it may. */
  add(peer: NodeId, key: Id): boolean {
    const nowMs = this.#clock.nowMs()
    const awaited = this.#byPeer.get(peer) ?? new Map<Id, number>()
    this.#byPeer.set(peer, awaited)
    for (const [old, untilMs] of awaited) {
      if (untilMs > nowMs) break
      awaited.delete(old)
    }
    if (awaited.size >= MAX_PER_PEER) return false
    awaited.delete(key)
    awaited.set(key, nowMs + PATIENCE_MS)
    return true
  }

  take(peer: NodeId, key: Id): boolean {
    return this.#byPeer.get(peer)?.delete(key) ?? false
  }

  forget(peer: NodeId): void {
    this.#byPeer.delete(peer)
  }
}
