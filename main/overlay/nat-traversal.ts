// What stands between this node and peers that cannot simply be dialled, wired together: finding out who reaches it (reach/),
// links past NATs (reach/connecting.ts), and volunteers that carry, or this node as one (relay/). Over links without sockets,
// as in large simulations, there is nothing of it, and the links are handed through.

import { type PathKind } from './api.ts'
import { type NodeId } from './base/id.ts'
import { type Surroundings } from './base/surroundings.ts'
import { type KeyPair } from './ports/crypto.ts'
import { type Routes } from './ports/routes.ts'
import { type Store } from './ports/store.ts'
import { Connecting } from './reach/connecting.ts'
import { ownCandidates } from './reach/own-candidates.ts'
import { Reachability, type ReachPorts } from './reach/reachability.ts'
import { PortSearch } from './reach/port-search.ts'
import { Retreating } from './reach/retreating.ts'
import { Upgrading } from './reach/upgrading.ts'
import { type CarriedSocket } from './relay/carried-socket.ts'
import { Relays } from './relay/relays.ts'
import { type Link, type Links } from './transport/links.ts'
import { type Candidates } from './wire/candidates.ts'
import { type Reader } from './wire/codec.ts'
import { type PeerRecord } from './wire/peer-record.ts'

export interface TraversalParts {
  links: Links
  store: Store
  nodeKey: KeyPair
  reach: ReachPorts | undefined
  carried: CarriedSocket | undefined
  /** Whether strangers reach this node, where that is not to be found out. */
  isReachable: (() => boolean) | undefined
}

export interface TraversalUses {
  routes: Routes
  /** The person wants to stay in touch with it. */
  isContact: (id: NodeId) => boolean
  /** Everybody was asked, and nobody answers. */
  isUnanswered: () => boolean
  /** Who may be told where this node is, or what it does for others, has changed. */
  onPlace: () => void
}

export class NatTraversal {
  /** The transport's, with the other ways behind them where there are any. */
  readonly links: Links
  readonly #around: Surroundings
  readonly #parts: TraversalParts
  readonly #connecting: Connecting | undefined
  #reachability: Reachability | undefined
  #relays: Relays | undefined
  #upgrading: Upgrading | undefined
  #isStopped = false

  constructor(around: Surroundings, parts: TraversalParts) {
    this.#around = around
    this.#parts = parts
    this.#connecting = parts.reach && new Connecting(around, parts.links)
    this.links = this.#connecting ?? parts.links
  }

  /** From now on there are routes, which are built upon the links. */
  use({ routes, isContact, isUnanswered, onPlace }: TraversalUses): void {
    const { store, nodeKey, reach, carried } = this.#parts
    const [around, links, connecting] = [this.#around, this.links, this.#connecting]
    const onChange = (): void => this.#relays?.reachabilityChanged() // which says so to the window
    const reachability = reach && new Reachability(around, { ...reach, links, store, isUnanswered, onChange })
    const { isReachable = () => reachability?.isReachedByStrangers ?? false } = this.#parts
    this.#relays =
      carried && new Relays(around, { links, store, socket: carried, routes, isReachable, onChange: onPlace })
    this.#reachability = reachability
    if (!connecting || !reachability) return
    const { knocks } = reachability
    const candidates = (): Promise<Candidates> => ownCandidates(around, links, reachability)
    const self = (): PeerRecord => links.self
    connecting.use({ knocks, candidates, self, nodeKey, routes, relays: this.#relays })
    const portSearch = new PortSearch(around, { ...reachability.searchParts, isContact })
    const onNamed = connecting.met.bind(connecting)
    const retreating = new Retreating(around, connecting)
    this.#upgrading = new Upgrading(around, { links, candidates, onNamed, portSearch, retreating })
  }

  /** Who reaches this node. */
  get reachability(): Reachability | undefined {
    return this.#reachability
  }

  get relays(): Relays | undefined {
    return this.#relays
  }

  pathOf(link: Link): PathKind {
    return this.#connecting?.pathOf(link) ?? 'direct'
  }

  async start(): Promise<void> {
    await this.#relays?.start()
    if (this.#isStopped) return // meanwhile
    await this.#reachability?.start()
    this.#upgrading?.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#relays?.stop()
    await this.#reachability?.stop()
  }

  linkUp(link: Link): void {
    this.#relays?.linkUp(link)
    this.#upgrading?.linkUp(link)
    this.#reachability?.linkUp()
  }

  linkDown(link: Link): void {
    this.#relays?.linkDown(link.peer.id)
    this.#upgrading?.linkDown(link.peer.id)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    const protocols = [this.#relays, this.#upgrading, this.#reachability]
    return protocols.flatMap((protocol) => protocol?.handlers() ?? [])
  }
}
