// Whose signed join this member has seen: the list that lets a person know who hears, and, of some of them, where they are, to
// find a way back when all neighbours are gone.

import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'
import { type Random } from '../ports/random.ts'
import { type MeshJoin } from '../wire/mesh-join.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Chosen: 2 MB of ids; a room with more members than that shows the latest. */
const MAX_MEMBERS = 16_384
/** Chosen: of so many it is enough that one can be reached. */
const MAX_RECORDS = 128

export class KnownMembers {
  /** When each joined, by its own clock; negative where it has left since. */
  readonly #joinedMs = new BoundedMap<NodeId, number>(MAX_MEMBERS)
  readonly #records = new BoundedMap<NodeId, PeerRecord>(MAX_RECORDS)

  /** 'new' where its join was not known, or it had left; 'old' where a later word of it is known. */
  joined({ member, issuedMs }: MeshJoin): 'new' | 'known' | 'old' {
    const before = this.#joinedMs.get(member.id)
    const hasLeft = before !== undefined && before < 0
    if (before !== undefined && (hasLeft ? issuedMs <= -before : issuedMs < before)) return 'old'
    if (before !== issuedMs) this.#joinedMs.set(member.id, issuedMs)
    this.#records.set(member.id, member)
    return before === undefined || hasLeft ? 'new' : 'known'
  }

  /** By its own clock, where that is known; false where it is no news, or a later join is known. */
  left(id: NodeId, atMs?: number): boolean {
    const before = this.#joinedMs.get(id)
    if (before === undefined || before < 0 || (atMs !== undefined && atMs < before)) return false
    this.#records.delete(id)
    this.#joinedMs.set(id, -(atMs ?? before))
    return true
  }

  /** Out of reach: not a way back for now. */
  unreachable(id: NodeId): void {
    this.#records.delete(id)
  }

  list(): { id: NodeId; joinedMs: number }[] {
    const members: { id: NodeId; joinedMs: number }[] = []
    for (const id of this.#joinedMs.keys()) {
      const joinedMs = this.#joinedMs.get(id)!
      if (joinedMs >= 0) members.push({ id, joinedMs })
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
