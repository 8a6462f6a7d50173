// Whose signed join this member has seen: the list that lets a person know who hears, and, of some of them, where they are, to
// find a way back when all neighbours are gone.

import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'
import { type Random } from '../ports/random.ts'
import { type MeshJoin } from '../wire/mesh-join.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Chosen: 2 MB of ids; a room with more members than that shows the latest. */
const MAX_MEMBERS = 16_384
/** Chosen: of so many it is enough that one can be reached. */
const MAX_RECORDS = 128
/** Chosen: a member subscribes with one word for half a minute (membership.ts); a walk and the dials of four contacts take as long. */
const FRESH_MS = 120_000

interface Word {
  /** By its member's clock: of its join, or where it has left since, of its leave. */
  readonly atMs: number
  readonly hasLeft: boolean
  /** Since when it is known here, by the clock that only counts. */
  readonly knownMs: number
}

export class KnownMembers {
  readonly #clock: Clock
  /** The last of each. */
  readonly #words = new BoundedMap<NodeId, Word>(MAX_MEMBERS)
  readonly #records = new BoundedMap<NodeId, PeerRecord>(MAX_RECORDS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** 'new' where its join was not known, or it had left; 'old' where a later word of it is known. */
  joined({ member, issuedMs }: MeshJoin): 'new' | 'known' | 'old' {
    const before = this.#words.get(member.id)
    if (before && (before.hasLeft ? issuedMs <= before.atMs : issuedMs < before.atMs)) return 'old'
    if (before?.atMs !== issuedMs) this.#set(member.id, issuedMs, false)
    this.#records.set(member.id, member)
    return !before || before.hasLeft ? 'new' : 'known'
  }

  /** Known for so long that its member would have signed another to subscribe with. */
  isSpent({ member, issuedMs }: MeshJoin): boolean {
    const word = this.#words.get(member.id)
    return word?.atMs === issuedMs && this.#clock.nowMs() - word.knownMs > FRESH_MS
  }

  /** By its own clock, where that is known; false where it is no news, or a later join is known. */
  left(id: NodeId, atMs?: number): boolean {
    const before = this.#words.get(id)
    if (!before || before.hasLeft || (atMs !== undefined && atMs < before.atMs)) return false
    this.#records.delete(id)
    this.#set(id, atMs ?? before.atMs, true)
    return true
  }

  #set(id: NodeId, atMs: number, hasLeft: boolean): void {
    this.#words.set(id, { atMs, hasLeft, knownMs: this.#clock.nowMs() })
  }

  /** Out of reach: not a way back for now. */
  unreachable(id: NodeId): void {
    this.#records.delete(id)
  }

  list(): { id: NodeId; joinedMs: number }[] {
    const members: { id: NodeId; joinedMs: number }[] = []
    for (const id of this.#words.keys()) {
      const { atMs, hasLeft } = this.#words.get(id)!
      if (!hasLeft) members.push({ id, joinedMs: atMs })
    }
    return members
  }

  records(): PeerRecord[] {
    return [...this.#records.keys()].map((id) => this.#records.get(id)!)
  }

  /** One that is none of these, any. */
  pick(random: Random, isOut: (id: NodeId) => boolean): PeerRecord | undefined {
    const candidates = this.records().filter(({ id }) => !isOut(id))
    return candidates[random.below(Math.max(1, candidates.length))]
  }
}
