// Who this node's ring neighbours and table entries are, kept in step with the links. A node enters by a link, or as a
// member that is only reached through others (`admitUnlinked`, after it answered over the ring); it leaves when its link
// goes down or it stops answering.

import { compareDistance, type Id, type NodeId } from '../base/id.ts'
import { kindOfHost, ownerRangeOf } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { type Neighbourhood } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { LeafSet } from './leaf-set.ts'
import { PeerDirectory } from './peer-directory.ts'
import { NO_RANGE, PrefixTable } from './prefix-table.ts'
import { comesBefore, RingIndex } from '../base/ring-index.ts'

/** Behind unfriendly NATs: four instead of two save one hop in thirty, and cost two links more (docs/decisions.md 27). */
const NEAR_LINKS_PER_SIDE = 4
/** What a neighbour has behind it after a quarter of an hour (peer-directory.ts): 20 s, 2 min, and 12 more to go. */
const VAIN_DIALS = 3
const NOBODY: ReadonlySet<NodeId> = new Set()

export class Membership implements Neighbourhood {
  readonly self: NodeId
  readonly leafSet: LeafSet
  readonly table: PrefixTable
  readonly directory: PeerDirectory
  /** Those that a link is up to. */
  readonly links = new RingIndex()
  readonly #links: Links
  readonly #listeners: (() => void)[] = []

  constructor(around: Surroundings, links: Links) {
    this.self = links.self.id
    this.#links = links
    this.leafSet = new LeafSet(this.self)
    this.table = new PrefixTable(this.self)
    this.directory = new PeerDirectory(around, this.self, (id) => this.leafSet.has(id) || this.table.has(id))
  }

  /** This node's own record. */
  get own(): PeerRecord {
    return this.#links.self
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  isRoot(key: Id): boolean {
    return this.leafSet.closestOne(key, NOBODY) === this.self
  }

  covers(key: Id): boolean {
    return this.leafSet.covers(key)
  }

  closest(key: Id, count: number): NodeId[] {
    return this.leafSet.closest(key, count)
  }

  nearest(): { above: NodeId | undefined; below: NodeId | undefined } {
    const { above, below } = this.leafSet
    return { above: above[0], below: below[0] }
  }

  neighboursOf(id: NodeId, isWanted: (record: PeerRecord) => boolean = () => true): PeerRecord[] {
    const all = [this.#links.self, ...this.leafSet.records()]
    const records = all.filter((record) => record.id !== id && isWanted(record))
    return records.sort((a, b) => compareDistance(id, a.id, b.id))
  }

  members(): NodeId[] {
    return this.leafSet.ids()
  }

  linked(): readonly NodeId[] {
    return this.links.ids
  }

  linkTo(id: NodeId): Link | undefined {
    const link = this.#links.get(id)
    return link?.isOpen ? link : undefined
  }

  /** A link to this node would be of use: a leaf-set member has none, or a place in leaf set or table is free. */
  hasUseFor(id: NodeId): boolean {
    return (
      this.leafSet.wants(id) ||
      this.isNearLink(id) ||
      (this.table.wants(id) &&
        !this.directory.hasDeclined(id) &&
        this.table.hasRoomFor(id, this.#claimedRange(id)))
    )
  }

  /**
   * Among the linked nodes (itself counted) it is one of the four next to this node on its side of the ring. Where the leaf
   * set cannot be linked, greedy steps towards this node end at these.
   */
  isNearLink(id: NodeId): boolean {
    if (id === this.self) return false
    const isUp = (each: NodeId): boolean => each !== id
    if (this.links.size <= 2 * NEAR_LINKS_PER_SIDE) return true
    const above = this.links.beside(this.self, NEAR_LINKS_PER_SIDE, isUp)
    const below = this.links.beside(this.self, -NEAR_LINKS_PER_SIDE, isUp)
    return comesBefore(this.self, id, above) || comesBefore(this.self, below, id)
  }

  linkUp(link: Link): void {
    if (this.#place(link)) this.#changed()
  }

  /** The members that were pushed out or went leave places, which `hasUseFor` then shows. */
  linkDown(id: NodeId, isDead: boolean): boolean {
    this.links.remove(id)
    if (isDead) this.directory.failed(id)
    return this.remove(id)
  }

  /**
   * Links and ring neighbours that were there before this node ran, told of as one change. Neighbours that no link leads to
   * count as dialled in vain so often that they are left alone for some time.
   */
  adopt(links: Iterable<Link>, neighbours: readonly PeerRecord[]): void {
    for (const link of links) this.#place(link)
    for (const record of neighbours) {
      if (this.links.has(record.id) || !this.directory.learn(record)) continue
      this.leafSet.add(record)
      for (let i = 0; i < VAIN_DIALS; i++) this.directory.failed(record.id)
    }
    this.#changed()
  }

  admitUnlinked(record: PeerRecord): void {
    if (this.leafSet.add(record)) this.#changed()
  }

  /** True where it was in the leaf set. */
  remove(id: NodeId): boolean {
    this.table.remove(id)
    const wasMember = this.leafSet.remove(id)
    if (wasMember) this.#changed()
    return wasMember
  }

  /** Linked nodes take the places that others left, and nearer ones their places in the table. */
  refill(): void {
    let isChanged = false
    for (const link of this.#links.all()) {
      if (!link.isOpen) continue
      if (!this.directory.hasDeclined(link.peer.id))
        this.table.add(link.peer, link.rttMs, rangeOf(link.address))
      if (this.leafSet.add(link.peer)) isChanged = true
    }
    if (isChanged) this.#changed()
  }

  /** By its record, before there is a link that shows it. */
  #claimedRange(id: NodeId): string {
    return rangeOf(this.directory.get(id)?.addresses.find(({ host }) => kindOfHost(host) === 'public'))
  }

  /** True where the leaf set changed. */
  #place(link: Link): boolean {
    this.links.add(link.peer.id)
    this.directory.met(link.peer)
    if (!this.directory.hasDeclined(link.peer.id))
      this.table.add(link.peer, link.rttMs, rangeOf(link.address))
    return this.leafSet.add(link.peer)
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function rangeOf(address: Address | undefined): string {
  const isPlace = address !== undefined && !isCircuit(address) && kindOfHost(address.host) === 'public'
  return isPlace ? ownerRangeOf(address.host) : NO_RANGE
}
