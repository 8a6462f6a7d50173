// Every node heard of, linked or not, with what is known of its reachability. Bounded, and a node that did not answer is
// left alone for a growing while: otherwise the dead would be gossiped and dialled round and round.

import { equal } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { codeOf } from '../base/errors.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'

interface Known {
  record: PeerRecord
  /** Set by a handshake with the node itself; gossip does not overwrite it. */
  isFirstHand: boolean
  failures: number
  blockedUntilMs: number
  /** It asked to be left alone, but for what only it can do. */
  declinedUntilMs: number
}

/** 200 bytes each: small, and a leaf set and a table of a million nodes many times over. */
const MAX_KNOWN = 1024
/** Past the moment by which all neighbours have found the death themselves and stopped gossiping it. */
const FIRST_BLOCK_MS = 20_000
const LONGEST_BLOCK_MS = 600_000
const DECLINED_MS = 3_600_000

export class PeerDirectory {
  readonly #around: Surroundings
  readonly #self: NodeId
  readonly #known = new Map<NodeId, Known>()

  constructor(around: Surroundings, self: NodeId) {
    this.#around = around
    this.#self = self
  }

  get(id: NodeId): PeerRecord | undefined {
    return this.#known.get(id)?.record
  }

  /** Believes a record from gossip where its certificate and puzzle hold. False where not. */
  learn(record: PeerRecord): boolean {
    if (record.id === this.#self) return false
    const known = this.#known.get(record.id)
    if (known && equal(known.record.certificate, record.certificate)) {
      if (!known.isFirstHand || known.failures > 0) known.record = record
      return true
    }
    try {
      verifyPeerRecord(record, this.#around.crypto, this.#around.network)
    } catch (error) {
      this.#around.drops.count(`peer record: ${codeOf(error)}`)
      return false
    }
    this.#keep(record, false)
    return true
  }

  /** A handshake with the node itself succeeded. */
  met(record: PeerRecord): void {
    this.#keep(record, true)
  }

  /** It did not answer, or fell silent. */
  failed(id: NodeId): void {
    const known = this.#known.get(id)
    if (!known) return
    const blockMs = Math.min(FIRST_BLOCK_MS * 2 ** known.failures, LONGEST_BLOCK_MS)
    known.failures++
    known.blockedUntilMs = this.#around.clock.nowMs() + blockMs
  }

  isBlocked(id: NodeId): boolean {
    const known = this.#known.get(id)
    return known !== undefined && known.blockedUntilMs > this.#around.clock.nowMs()
  }

  /** It has too many links to be one of our table. */
  declined(id: NodeId): void {
    const known = this.#known.get(id)
    if (known) known.declinedUntilMs = this.#around.clock.nowMs() + DECLINED_MS
  }

  hasDeclined(id: NodeId): boolean {
    return (this.#known.get(id)?.declinedUntilMs ?? 0) > this.#around.clock.nowMs()
  }

  /** Those that may be tried now. */
  *candidates(): Iterable<PeerRecord> {
    const nowMs = this.#around.clock.nowMs()
    for (const known of this.#known.values()) if (known.blockedUntilMs <= nowMs) yield known.record
  }

  #keep(record: PeerRecord, isFirstHand: boolean): void {
    const declinedUntilMs = this.#known.get(record.id)?.declinedUntilMs ?? 0
    this.#known.delete(record.id)
    this.#known.set(record.id, { record, isFirstHand, failures: 0, blockedUntilMs: 0, declinedUntilMs })
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
  }
}
