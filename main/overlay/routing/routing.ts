// Routing as one protocol: the ring and the table, the links that keep them real, the way in, and messages to keys.
// Read first: membership (who), next-hop (where to), router (how), leaf-upkeep (repair), bootstrap (joining).

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Paths } from '../ports/paths.ts'
import { type Neighbourhood, type Routes } from '../ports/routes.ts'
import { LEFT, SILENT } from '../transport/link-ends.ts'
import { type DialTarget, type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { Bootstrap, type JoinState } from './bootstrap.ts'
import { LeafUpkeep } from './leaf-upkeep.ts'
import { LeafExchange } from './leaf-exchange.ts'
import { LastHeard } from './last-heard.ts'
import { LinkKeeper } from './link-keeper.ts'
import { Membership } from './membership.ts'
import { Router } from './router.ts'
import { RowRepair } from './row-repair.ts'
import { SurplusLinks } from './surplus-links.ts'

export interface RoutingOptions {
  /** Dead ends that a message may step aside for (DESIGN §4). */
  detours: number
}

export const ROUTING_DEFAULTS: RoutingOptions = { detours: 8 }

export class Routing {
  readonly #membership: Membership
  readonly #router: Router
  readonly #paths: Paths
  readonly #keeper: LinkKeeper
  readonly #overRing: LeafExchange
  readonly #upkeep: LeafUpkeep
  readonly #rows: RowRepair
  readonly #bootstrap: Bootstrap
  readonly #surplus: SurplusLinks
  readonly #heard: LastHeard

  /** `isUsed` says whether the protocols above need the link to a node; `paths` are the unicast trees' records. */
  constructor(
    around: Surroundings,
    links: Links,
    above: { onState: () => void; isUsed: (id: NodeId) => boolean; paths: Paths },
    options: RoutingOptions,
  ) {
    const { onState, paths } = above
    this.#membership = new Membership(around, links)
    this.#router = new Router(around, this.#membership, paths, options.detours)
    const routes = this.#router
    this.#paths = paths
    this.#keeper = new LinkKeeper(around, { links, membership: this.#membership, routes, paths })
    const parts = { links, membership: this.#membership, keeper: this.#keeper, routes, paths, onState }
    const heard = (this.#heard = new LastHeard(around.clock))
    const overRing = (this.#overRing = new LeafExchange(around, parts))
    this.#upkeep = new LeafUpkeep(around, this.#membership, { keeper: this.#keeper, overRing, heard })
    this.#rows = new RowRepair(around, parts)
    this.#bootstrap = new Bootstrap(around, parts)
    this.#surplus = new SurplusLinks(around, links, this.#membership, { heard, isUsedAbove: above.isUsed })
  }

  get routes(): Routes {
    return this.#router
  }

  get neighbourhood(): Neighbourhood {
    return this.#membership
  }

  get joinState(): JoinState {
    return this.#bootstrap.state
  }

  get linkCount(): number {
    return this.#membership.links.size
  }

  get tableSize(): number {
    return this.#membership.table.size
  }

  get leafSetSize(): number {
    return this.#membership.leafSet.size
  }

  /** Ring neighbours in order, for a drawing of the network and for tests. */
  get leafSet(): { above: readonly NodeId[]; below: readonly NodeId[] } {
    return this.#membership.leafSet
  }

  /** The map of the links around here shows a way to it. */
  isMapped(id: NodeId): boolean {
    return this.#paths.isMapped(id)
  }

  isMapForming(): boolean {
    return this.#paths.isForming()
  }

  recordOf(id: NodeId): PeerRecord | undefined {
    return this.#membership.directory.get(id)
  }

  /** Peers worth remembering for the next start. */
  knownPeers(): PeerRecord[] {
    const records = [...this.#membership.leafSet.records(), ...this.#membership.table.records()]
    return [...new Map(records.map((record) => [record.id, record])).values()]
  }

  start(): void {
    this.#keeper.start()
    this.#upkeep.start()
    this.#rows.start()
    this.#surplus.start()
    this.#bootstrap.start()
  }

  /**
   * For a network that is put up as if it had been there for long: the links there are and the ring neighbours are members at
   * once, and the join goes through the first link. Called after `start`.
   */
  adopt(links: readonly Link[], neighbours: readonly PeerRecord[]): void {
    this.#membership.adopt(links, neighbours)
    for (const link of links) {
      this.#heard.linkUp(link.peer.id)
      this.#upkeep.linkUp(link)
    }
    if (links[0]) this.#bootstrap.linkUp(links[0].peer.id)
  }

  /** The neighbours are told, as far as links that are up reach them: nothing is waited for. */
  stop(): void {
    this.#overRing.leave()
    this.#bootstrap.stop()
    this.#router.stop()
  }

  addPeers(targets: readonly DialTarget[]): void {
    this.#bootstrap.add(targets)
  }

  /** Where a contact may be: a way in as long as there is no better one. */
  addHint(target: DialTarget): void {
    this.#bootstrap.addHint(target)
  }

  networkChanged(): void {
    this.#bootstrap.networkChanged()
  }

  addNearby(target: DialTarget): void {
    this.#bootstrap.addNearby(target)
  }

  linkUp(link: Link): void {
    this.#membership.linkUp(link)
    this.#heard.linkUp(link.peer.id)
    this.#upkeep.linkUp(link)
    this.#surplus.linkUp(link.peer.id)
    this.#bootstrap.linkUp(link.peer.id)
  }

  linkDown(link: Link, reason: string): void {
    const loss = reason === SILENT || reason === LEFT ? reason : undefined
    const wasMember = this.#membership.linkDown(link.peer.id, loss !== undefined)
    this.#heard.linkDown(link.peer.id)
    this.#upkeep.linkDown(link.peer.id, wasMember, loss)
    this.#surplus.linkDown(link.peer.id)
    this.#bootstrap.linkDown()
  }

  /** Nodes that others named; those with a place here are dialled. */
  learn(records: readonly PeerRecord[]): void {
    this.#keeper.learn(records)
  }

  /** A node proved that it is there and can be reached along a record. */
  seen(record: PeerRecord): void {
    this.#keeper.seen(record)
  }

  heard(link: Link): void {
    this.#heard.heard(link.peer.id)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.leafState, (_link, body) => this.#upkeep.onState(body)],
      [MESSAGE.leafDigest, (link, body) => this.#upkeep.onDigest(link, body)],
      [MESSAGE.leafHints, (link, body) => this.#upkeep.onHints(link, body)],
      [MESSAGE.leafNews, (link, body) => this.#upkeep.onNews(link, body)],
      [MESSAGE.leafWant, (link, body) => this.#upkeep.onWant(link, body)],
      [MESSAGE.suspect, (link, body) => this.#upkeep.onSuspect(link, body)],
      [MESSAGE.parting, (link, body) => this.#surplus.onParting(link, body)],
      [MESSAGE.routed, (link, body) => this.#router.onRouted(link, body)],
      [MESSAGE.routedReply, (_link, body) => this.#router.onReply(body)],
    ]
  }
}
