// The 8 nearest nodes on each side of the ring (Pastry's leaf set, |L| = 16). It names nodes, not sockets: a member may be
// reached over a link or through others. On a ring of fewer than 17 nodes it holds everybody, and a node can then
// stand on both sides.

import { compareDistance, type Id, type NodeId, type NodeNames, roughlyApart } from '../base/id.ts'
import { IdMap } from '../base/id-map.ts'
import { comesBefore } from '../base/ring-index.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Rowstron and Druschel 2001 §2.2: |L| = 16 for b = 4. */
export const LEAVES_PER_SIDE = 8

export class LeafSet {
  readonly #self: NodeId
  readonly #records = new IdMap<PeerRecord>()
  #above: NodeId[] = []
  #below: NodeId[] = []

  constructor(self: NodeId) {
    this.#self = self
  }

  /** Going up the ring, nearest first. */
  get above(): readonly NodeId[] {
    return this.#above
  }

  /** Going down the ring, nearest first. */
  get below(): readonly NodeId[] {
    return this.#below
  }

  get size(): number {
    return this.#records.size
  }

  has(id: NodeId): boolean {
    return this.#records.has(id)
  }

  /** A member whose id begins so (wire/id-hints.ts). */
  hasHinted(hint: string): boolean {
    return this.#records.ids.some((id) => id.startsWith(hint))
  }

  ids(): NodeId[] {
    return [...this.#records.ids]
  }

  records(): PeerRecord[] {
    return [...this.#records.values]
  }

  /** Both sides are not full without sharing a member, so every node known of is in here. */
  get isWholeRing(): boolean {
    return this.#records.size < 2 * LEAVES_PER_SIDE
  }

  /** Whether a node would have a place here. */
  wants(id: NodeId): boolean {
    if (id === this.#self) return false
    return this.isWholeRing || this.has(id) || this.covers(id)
  }

  /** True where the membership changed. */
  add(record: PeerRecord): boolean {
    if (!this.wants(record.id)) return false
    const isNew = !this.#records.has(record.id)
    this.#records.set(record.id, record)
    if (isNew) this.#arrange()
    return isNew
  }

  remove(id: NodeId): boolean {
    if (!this.#records.delete(id)) return false
    this.#arrange()
    return true
  }

  /** How far its members lie from this node, on the mean of both sides; a neighbour's does about as far (roughlyApart). */
  get radius(): number {
    const { above, below } = { above: this.#above.at(-1), below: this.#below.at(-1) }
    if (!above || !below) return 0
    return (roughlyApart(this.#self, above) + roughlyApart(this.#self, below)) / 2
  }

  /** The key lies between the farthest members, so its root is in here (or is this node). */
  covers(key: Id): boolean {
    if (this.isWholeRing || key === this.#self) return true
    const highest = this.#above[LEAVES_PER_SIDE - 1]!
    const lowest = this.#below[LEAVES_PER_SIDE - 1]!
    return !comesBefore(this.#self, highest, key) || !comesBefore(this.#self, key, lowest)
  }

  /** The members next to one of them, so many on each side, as far as they are in here. */
  beside(id: NodeId, perSide: number): NodeId[] {
    const upwards = [...this.#below].reverse().concat(this.#above)
    const at = upwards.indexOf(id)
    return at < 0
      ? []
      : upwards.slice(Math.max(0, at - perSide), at + perSide + 1).filter((each) => each !== id)
  }

  /** This node and the members by distance to a key. */
  closest(key: Id, count: number, except?: NodeNames): NodeId[] {
    const all = [this.#self, ...this.#records.ids].filter((id) => id === this.#self || !except?.has(id))
    return all.sort((a, b) => compareDistance(key, a, b)).slice(0, count)
  }

  /** Like closest(key, 1), in one pass. */
  closestOne(key: Id, except: NodeNames): NodeId {
    let best = this.#self
    for (const id of this.#records.ids) if (!except.has(id) && compareDistance(key, id, best) < 0) best = id
    return best
  }

  /**
   * Of a key that is covered: the closest of the members that were not visited (and this node), or for an offset n the
   * n-th ring neighbour of that, as far as the leaf set goes. The key's own node is no neighbour of itself.
   */
  rootOf(key: Id, offset: number, visited: NodeNames): NodeId {
    if (offset === 0) return this.closestOne(key, visited)
    const ring = [...this.#records.ids, this.#self].filter((id) => id !== key).sort()
    let at = 0
    for (let i = 1; i < ring.length; i++) if (compareDistance(key, ring[i]!, ring[at]!) < 0) at = i
    const step = Math.sign(offset)
    for (let left = Math.abs(offset); left > 0; left--) at = this.#beside(ring, at, step)
    for (let tries = ring.length; tries > 0 && ring[at] !== this.#self && visited.has(ring[at]!); tries--)
      at = this.#beside(ring, at, step)
    return ring[at]!
  }

  /** Round the whole ring where all of it is known; else no farther than the last member on that side. */
  #beside(ring: readonly NodeId[], at: number, step: number): number {
    const next = (at + step + ring.length) % ring.length
    if (this.isWholeRing) return next
    const isPastEdge = ring[at] === (step > 0 ? this.#above.at(-1) : this.#below.at(-1))
    return isPastEdge ? at : next
  }

  #arrange(): void {
    const upwards = [...this.#records.ids].sort((a, b) => (comesBefore(this.#self, b, a) ? 1 : -1))
    this.#above = upwards.slice(0, LEAVES_PER_SIDE)
    this.#below = upwards.slice(-LEAVES_PER_SIDE).reverse()
    const kept = new Set([...this.#above, ...this.#below])
    for (const id of upwards) if (!kept.has(id)) this.#records.delete(id)
  }
}
