import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Clock } from '../ports/clock.ts'

/** About a megabyte of keys; a neighbour that has more to hand over offers the rest again. */
const MAX_PER_PEER = 8192
/** Of all together, who may be as many as one neighbour invents. */
const MAX_AWAITED = 16 * MAX_PER_PEER
/** The sender works off what it was asked for, a few at a time. */
const PATIENCE_MS = 120_000

/** The records that this node asked its neighbours for: nobody else may send unbidden. */
export class Awaited {
  readonly #clock: Clock
  readonly #byPeer = new LeanMap<NodeId, Map<Id, number>>()
  #size = 0
  #sweepAtMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** False where the neighbour owes us as much as it may, or all together do. */
  add(peer: NodeId, key: Id): boolean {
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs)
    const awaited = this.#byPeer.get(peer) ?? new Map<Id, number>()
    this.#forgetPast(awaited, nowMs)
    if (awaited.size >= MAX_PER_PEER || this.#size >= MAX_AWAITED) return false
    this.#byPeer.set(peer, awaited)
    if (!awaited.delete(key)) this.#size++
    awaited.set(key, nowMs + PATIENCE_MS)
    return true
  }

  take(peer: NodeId, key: Id): boolean {
    const isAwaited = this.#byPeer.get(peer)?.delete(key) ?? false
    if (isAwaited) this.#size--
    return isAwaited
  }

  forget(peer: NodeId): void {
    this.#size -= this.#byPeer.get(peer)?.size ?? 0
    this.#byPeer.delete(peer)
  }

  #sweep(nowMs: number): void {
    this.#sweepAtMs = nowMs + PATIENCE_MS
    for (const [peer, awaited] of this.#byPeer) {
      this.#forgetPast(awaited, nowMs)
      if (awaited.size === 0) this.#byPeer.delete(peer)
    }
  }

  /** In the order in which they were asked for. */
  #forgetPast(awaited: Map<Id, number>, nowMs: number): void {
    for (const [key, untilMs] of awaited) {
      if (untilMs > nowMs) return
      awaited.delete(key)
      this.#size--
    }
  }
}
