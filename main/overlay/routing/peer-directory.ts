// Every node heard of, linked or not, with what is known of its reachability. Bounded, and a node that did not answer is
// left alone for a growing while: otherwise the dead would be gossiped and dialled round and round.
//
// Kept small, because it is the largest thing a quiet node has: records in a sorted list, and what is true of only a few
// (they failed, they declined) beside it. Forgetting a record does not forget that its node failed.

import { equal } from '../base/bytes.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { codeOf } from '../base/errors.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import { RecordList } from './record-list.ts'

interface Trouble {
  failures: number
  blockedUntilMs: number
}

/** A leaf set of 16, a table of 60 to 75 for a million nodes, and twice as many to take the places of those that go. */
const MAX_KNOWN = 256
/** As many as can fail at once (a cut) among those known, with those that others keep naming. */
const MAX_TROUBLED = 512
const MAX_DECLINED = 512
/** Past the moment by which all neighbours have found the death themselves and stopped gossiping it. */
const FIRST_BLOCK_MS = 20_000
/** Most that cannot be dialled never can: two hosts behind unfriendly NATs. */
const LONGEST_BLOCK_MS = 7_200_000
const BLOCK_GROWTH = 6
const DECLINED_MS = 3_600_000

export class PeerDirectory {
  readonly #around: Surroundings
  readonly #self: NodeId
  readonly #known: RecordList
  readonly #troubled = new BoundedMap<NodeId, Trouble>(MAX_TROUBLED)
  /** It asked to be left alone, but for what only it can do: until when. */
  readonly #declinedUntilMs = new BoundedMap<NodeId, number>(MAX_DECLINED)

  /** `isInUse`: the node has a place in leaf set or table; its record is the last to be forgotten. */
  constructor(around: Surroundings, self: NodeId, isInUse: (id: NodeId) => boolean = () => false) {
    this.#around = around
    this.#self = self
    this.#known = new RecordList(MAX_KNOWN, isInUse)
  }

  get(id: NodeId): PeerRecord | undefined {
    return this.#known.get(id)
  }

  hinted(hint: string): PeerRecord | undefined {
    return this.#known.beginning(hint)
  }

  /** Believes a record from gossip where its certificate and puzzle hold. False where not. */
  learn(record: PeerRecord): boolean {
    if (record.id === this.#self) return false
    const known = this.#known.get(record.id)
    if (known === record) return true
    if (known && equal(known.certificate, record.certificate)) {
      // A handshake with the node itself is the better source, unless it does not answer there any more.
      const isBetter = !this.#known.isFirstHand(record.id) || this.#troubled.has(record.id)
      if (isBetter) this.#known.replace(record)
      return true
    }
    try {
      this.#verify(record)
    } catch (error) {
      this.#around.drops.count(`peer record: ${codeOf(error)}`)
      return false
    }
    // Whoever changed its certificate is a node started anew; one that was merely forgotten is as troubled as it was.
    if (known) this.#troubled.delete(record.id)
    this.#known.put(record, false)
    return true
  }

  /** A handshake with the node itself succeeded. */
  met(record: PeerRecord): void {
    this.#troubled.delete(record.id)
    this.#known.put(record, true)
  }

  /** It did not answer, or fell silent. */
  failed(id: NodeId): void {
    const trouble = this.#troubled.get(id)
    if (!trouble && !this.#known.get(id)) return
    const failures = trouble?.failures ?? 0
    const blockMs = Math.min(FIRST_BLOCK_MS * BLOCK_GROWTH ** failures, LONGEST_BLOCK_MS)
    const blockedUntilMs = this.#around.clock.nowMs() + blockMs
    this.#troubled.set(id, { failures: failures + 1, blockedUntilMs })
  }

  /** It came back after it could not be reached at all: what failed before says nothing any more. */
  forgive(id: NodeId): void {
    this.#troubled.delete(id)
  }

  isBlocked(id: NodeId): boolean {
    const trouble = this.#troubled.get(id)
    return trouble !== undefined && trouble.blockedUntilMs > this.#around.clock.nowMs()
  }

  /** It has too many links to be one of our table. */
  declined(id: NodeId): void {
    if (this.#known.get(id)) this.#declinedUntilMs.set(id, this.#around.clock.nowMs() + DECLINED_MS)
  }

  hasDeclined(id: NodeId): boolean {
    return (this.#declinedUntilMs.get(id) ?? 0) > this.#around.clock.nowMs()
  }

  /** Those that may be tried now. */
  *candidates(): Iterable<PeerRecord> {
    for (const record of this.#known.records()) if (!this.isBlocked(record.id)) yield record
  }

  #verify(record: PeerRecord): void {
    const { records, crypto, network } = this.#around
    if (records) records.verify(record)
    else verifyPeerRecord(record, crypto, network)
  }
}
