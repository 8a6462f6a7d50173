// One node of the overlay: the protocols over one set of links, wired to each other here and nowhere else.

import { DropCounts } from './base/drop-counts.ts'
import { BanyanError, codeOf } from './base/errors.ts'
import { type Id, type NodeId } from './base/id.ts'
import { type Surroundings } from './base/surroundings.ts'
import { TimerGroup } from './base/timer-group.ts'
import {
  DEFAULT_REPLICA_BYTES,
  type DhtRecord,
  type OverlayApi,
  type OverlayEvents,
  type OverlayStatus,
  type PublishResult,
  type SendResult,
} from './api.ts'
import { AddressBook } from './contact/address-book.ts'
import { Contacts } from './contact/contacts.ts'
import { DirectMessages } from './contact/direct-messages.ts'
import { PeerSearch } from './contact/peer-search.ts'
import { RememberedPeers } from './contact/remembered-peers.ts'
import { Dht } from './dht/dht.ts'
import { type Redundancy } from './dht/redundancy.ts'
import { type Identity } from './identity.ts'
import { MappedLinks } from './linkmap/linkmap.ts'
import { Meshes, type MeshOptions } from './mesh/meshes.ts'
import { MessageHandlers } from './message-handlers.ts'
import { NatTraversal } from './nat-traversal.ts'
import { type Network } from './network.ts'
import { type Clock, type Timer } from './ports/clock.ts'
import { type Crypto, type KeyPair } from './ports/crypto.ts'
import { formatAddress, isCircuit } from './ports/datagram-socket.ts'
import { type Log } from './ports/log.ts'
import { type PeerRecords } from './ports/peer-records.ts'
import { type Random } from './ports/random.ts'
import { type HelpSettings } from './ports/relays.ts'
import { type Store } from './ports/store.ts'
import { type Reachability, type ReachPorts } from './reach/reachability.ts'
import { type CarriedSocket } from './relay/carried-socket.ts'
import { type Relays } from './relay/relays.ts'
import { Routing, ROUTING_DEFAULTS, type RoutingOptions } from './routing/routing.ts'
import { Topics } from './topic/topics.ts'
import { LEFT } from './transport/link-ends.ts'
import { type DialTarget, type Link, type Links, type LinkTraffic } from './transport/links.ts'
import { type NextHopRecords } from './unicast/next-hop-records.ts'
import { Unicast, UNICAST_DEFAULTS, type UnicastOptions, unicastRecords } from './unicast/unicast.ts'
import { Reader } from './wire/codec.ts'
import { type Envelope } from './wire/envelope.ts'
import { type PeerRecord } from './wire/peer-record.ts'
import { PeerRecordPool } from './wire/peer-record-pool.ts'

export interface NodeOptions {
  /** Bytes of other people's records this node keeps at most. */
  replicaQuotaBytes: number
  routing: RoutingOptions
  unicast: UnicastOptions
  /** With few links, takes part in the map of links; off in measurements alone. */
  isMapping: boolean
  mesh: Partial<MeshOptions>
  redundancy?: Redundancy // of puts and reads; other than what ships in measurements alone
}

export interface NodeParts {
  clock: Clock
  random: Random
  crypto: Crypto
  store: Store
  log: Log
  links: Links
  network: Network
  /** Its node key signs this node's address record. */
  identity: Identity
  /** The transport's own counters, which know of handshakes and strays; without it the links' traffic is summed. */
  transport?: LinkTraffic & { readonly dropped: Readonly<Record<string, number>> }
  /** The socket below the links, where there is one, so that they may run through volunteers, and this node be one. */
  carried?: CarriedSocket
  /** Whether strangers reach this node, where that is not to be found out. */
  isReachable?: () => boolean
  /** What it takes to find out who reaches this node; nothing of it where the links have no socket. */
  reach?: ReachPorts | undefined
  /** One for many nodes, where they share a process. */
  records?: PeerRecords | undefined
  options?: Partial<NodeOptions>
}

const DEFAULTS: NodeOptions = {
  replicaQuotaBytes: DEFAULT_REPLICA_BYTES,
  routing: ROUTING_DEFAULTS,
  unicast: UNICAST_DEFAULTS,
  isMapping: true,
  mesh: {},
}
/** A window repaints for each; nobody reads faster. */
const STATUS_PERIOD_MS = 1000

export class OverlayNode implements OverlayApi {
  readonly #around: Surroundings
  readonly #parts: NodeParts
  readonly #links: Links
  readonly #routing: Routing
  readonly #records: NextHopRecords
  readonly #unicast: Unicast
  readonly #mapped: MappedLinks | undefined
  readonly #topics: Topics
  readonly #dht: Dht
  readonly #book: AddressBook
  readonly #contacts: Contacts
  readonly #direct: DirectMessages
  readonly meshes: Meshes
  readonly #remembered: RememberedPeers
  readonly #traversal: NatTraversal
  readonly #handlers: MessageHandlers
  readonly #listeners: Partial<OverlayEvents>[] = []
  readonly #endedTraffic = { sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 }
  #state: 'new' | 'running' | 'stopped' = 'new'
  #statusTimer: Timer | undefined
  #lastStatus = ''

  constructor(parts: NodeParts) {
    this.#parts = parts
    const { clock, random, crypto, log, network } = parts
    const { nodeKey } = parts.identity
    this.#around = {
      clock,
      random,
      crypto,
      log,
      network,
      drops: new DropCounts(),
      timers: new TimerGroup(clock),
      records: parts.records ?? new PeerRecordPool(crypto, network),
    }
    const around = this.#around
    const { store, reach, carried, isReachable } = parts
    const traversal = { links: parts.links, store, nodeKey, reach, carried, isReachable }
    this.#traversal = new NatTraversal(around, traversal)
    const { links } = this.#traversal
    this.#links = links
    const onChange = (): void => this.#statusSoon()
    const isUsed = (id: NodeId): boolean =>
      this.#topics.uses(id) || this.#contacts.has(id) || this.meshes.uses(id) || !!this.relays?.uses(id)
    const { replicaQuotaBytes, routing, unicast, mesh, isMapping } = { ...DEFAULTS, ...parts.options }
    this.#records = unicastRecords(around, unicast)
    const onSeen = (peer: PeerRecord): void => this.#routing.seen(peer)
    const linkCount = (): number => this.#routing.linkCount
    if (isMapping)
      this.#mapped = new MappedLinks(around, this.#records, { links, linkCount, nodeKey, onSeen })
    const paths = this.#mapped?.ways ?? this.#records
    const above = { onState: () => this.#onJoinState(), isUsed, paths }
    this.#routing = new Routing(around, links, above, routing)
    const { routes, neighbourhood: ring } = this.#routing
    const isMapped = (id: NodeId): boolean => this.#routing.isMapped(id)
    this.#unicast = new Unicast(around, this.#records, {
      links,
      routes,
      ring,
      ...{ nodeKey, options: unicast, isMapped },
      onSeen,
      onNamed: (peers) => this.#routing.learn(peers),
    })
    const onPublication: OverlayEvents['publication'] = (publication) =>
      this.#emit('publication', publication)
    const isJoined = (): boolean => this.#routing.joinState.stage === 'joined'
    this.#topics = new Topics(around, { links, routes, ring, nodeKey, onPublication, isJoined, onChange })
    const isForming = (): boolean => this.#routing.isMapForming()
    const kept = { nodeKey, quotaBytes: replicaQuotaBytes, redundancy: parts.options?.redundancy }
    this.#dht = new Dht(around, { links, routes, ring, store, onChange, isForming, ...kept })
    const servers = (): readonly PeerRecord[] => this.relays?.reservations ?? []
    const records = this.#dht.light
    this.#book = new AddressBook(around, { links, nodeKey, records, servers, isJoined, isForming })
    const known = (id: NodeId): DialTarget | undefined => this.#routing.recordOf(id)
    const search = new PeerSearch(around, { links, known, book: this.#book })
    const onUp = (id: NodeId): void => this.#emit('contactUp', id)
    const onDown = (id: NodeId): void => this.#emit('contactDown', id)
    this.#contacts = new Contacts(around, { links, search, onUp, onDown })
    const linkWith = (peer: PeerRecord): Promise<Link | undefined> => search.link(peer.id, peer)
    this.meshes = new Meshes(around, { links, nodeKey, reach: linkWith, options: mesh })
    const onMessage: OverlayEvents['message'] = (from, payload) => this.#emit('message', from, payload)
    const hintFor = (id: NodeId): DialTarget | undefined => this.#contacts.hintFor(id)
    const isSettling = (): boolean => this.#routing.joinState.stage === 'joining' || isForming()
    this.#direct = new DirectMessages(around, {
      ...{ links, routes, search, nodeKey, hintFor, paths, isSettling, onMessage },
    })
    const peersKnown = (): PeerRecord[] => this.#routing.knownPeers()
    this.#remembered = new RememberedPeers(around, { store, links, known: peersKnown })
    const isUnanswered = (): boolean => {
      const { joinState } = this.#routing
      return joinState.stage === 'alone' && joinState.problem !== ''
    }
    /** Who is told where this node is, is told of a change at once. */
    const onPlace = (): void => {
      onChange()
      if (this.#isRunning()) this.#book.publishIfChanged()
    }
    const isContact = (id: NodeId): boolean => this.#contacts.has(id)
    this.#traversal.use({ routes, isContact, isUnanswered, onPlace })
    const services = [this.#topics, this.#dht, this.#direct, this.meshes]
    this.#handlers = new MessageHandlers([this.#routing, this.#mapped, ...services, this.#traversal])
    ring.onChange(onChange)
    links.on({
      up: (link) => this.#guard('link up', () => this.#onUp(link)),
      down: (link, reason) => this.#guard('link down', () => this.#onDown(link, reason)),
      message: (link, message) => this.#onMessage(link, message),
    })
  }

  /** Who reaches this node; only where it has a socket of its own. */
  get reachability(): Reachability | undefined {
    return this.#traversal.reachability
  }

  /** Volunteers, and this node as one; undefined over links without sockets. */
  get relays(): Relays | undefined {
    return this.#traversal.relays
  }

  get self(): PeerRecord {
    return this.#links.self
  }

  /** Ring neighbours in order, nearest first: for a picture of the network. */
  get leafSet(): { above: readonly NodeId[]; below: readonly NodeId[] } {
    return this.#routing.leafSet
  }

  /** Routing itself, for measurements: hops and roots. */
  get routes(): Routing['routes'] {
    return this.#routing.routes
  }

  /** Next-hop records held: origins whose unicast tree this node is in. */
  get unicastRecords(): number {
    return this.#records.size
  }

  /** The best way to each of them, for drawings of the trees and for checkers. */
  get unicastWays(): ReturnType<NextHopRecords['entries']> {
    return this.#records.entries()
  }

  /** Timers that would still fire. */
  get pendingTimers(): number {
    return this.#around.timers.pending
  }

  /** `neighbours`: on the ring, for a node of a network that is put up as if it had been there for long (Routing.adopt). */
  async start(neighbours?: readonly PeerRecord[]): Promise<void> {
    if (this.#state !== 'new') throw new BanyanError('closed', 'a node is started once')
    this.#state = 'running'
    await this.#dht.start()
    const remembered = await this.#remembered.load()
    await this.#traversal.start()
    if (!this.#isRunning()) throw new BanyanError('closed', 'stopped while starting')
    this.#routing.addPeers(remembered.first)
    for (const peer of remembered.later) this.#routing.addHint(peer)
    this.#routing.start()
    this.#unicast.start()
    this.#mapped?.start()
    this.#topics.start()
    this.#contacts.start()
    this.#book.start()
    this.#remembered.start()
    if (neighbours) this.#routing.adopt([...this.#links.all()], neighbours)
    else for (const link of this.#links.all()) this.#onUp(link)
  }

  async stop(): Promise<void> {
    const wasRunning = this.#isRunning()
    // One that never ran is stopped for good, too: its sockets are closed.
    this.#state = 'stopped'
    if (!wasRunning) return
    await this.#remembered.save(true)
    await this.#traversal.stop()
    this.#contacts.stop()
    this.#routing.stop()
    this.#around.timers.stop()
    await this.part()
  }

  protected async part(): Promise<void> {
    for (const link of [...this.#links.all()]) link.close(LEFT)
  }

  #isRunning(): boolean {
    return this.#state === 'running'
  }

  on(events: Partial<OverlayEvents>): void {
    this.#listeners.push(events)
  }

  addPeers(targets: DialTarget[]): void {
    this.#routing.addPeers(targets)
  }

  /** Heard of on the local network: a way in, believed no farther than its handshake. */
  addNearby(target: DialTarget): void {
    this.#routing.addNearby(target)
  }

  /** This computer has come into another network, or a cable was plugged in. */
  networkChanged(): void {
    this.#routing.networkChanged()
  }

  keepInTouch(id: NodeId, hint?: DialTarget): void {
    if (id === this.self.id) return
    if (hint) this.#routing.addHint(hint)
    this.#contacts.keep(id, hint)
  }

  forget(id: NodeId): void {
    this.#contacts.forget(id)
  }

  async send(to: NodeId, payload: Uint8Array): Promise<SendResult> {
    if (this.#state !== 'running') return { kind: 'failed', reason: 'closed' }
    return this.#direct.send(to, payload)
  }

  async put(record: DhtRecord): Promise<number> {
    return this.#dht.put(record)
  }

  async get(key: Id): Promise<DhtRecord | undefined> {
    return this.#dht.get(key)
  }

  async readMailbox(owner: KeyPair): Promise<Envelope[]> {
    return this.#dht.readMailbox(owner)
  }

  setReplicaQuota(bytes: number): void {
    this.#dht.setQuota(bytes)
  }

  /** Whether a replica of the record is kept on this node. */
  holds(key: Id): boolean {
    return this.#dht.holds(key)
  }

  subscribe(topic: Id): void {
    this.#topics.subscribe(topic)
  }

  leave(topic: Id): void {
    this.#topics.leave(topic)
  }

  async publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    if (this.#state !== 'running') return { kind: 'failed', reason: 'closed' }
    return this.#topics.publish(topic, payload)
  }

  setHelp(help: HelpSettings): void {
    this.relays?.setHelp(help)
  }

  status(): OverlayStatus {
    const join = this.#routing.joinState
    const links = [...this.#links.all()].filter((link) => link.isOpen)
    return {
      stage: join.stage,
      id: this.self.id,
      addresses: [...this.self.addresses],
      sessions: links.map((link) => ({
        id: link.peer.id,
        address: placeOf(link),
        path: this.#traversal.pathOf(link),
        rttMs: link.rttMs,
        sentBytes: link.traffic.sentBytes,
        receivedBytes: link.traffic.receivedBytes,
        figures: link.figures,
      })),
      leafSetSize: this.#routing.leafSetSize,
      tableSize: this.#routing.tableSize,
      replicas: this.#dht.usage,
      topics: this.#topics.list(),
      traffic: this.#traffic(links),
      dropped: {
        ...this.#parts.transport?.dropped,
        ...this.#parts.carried?.drops.snapshot(),
        ...this.#around.drops.snapshot(),
      },
      ...(this.relays && { relay: this.relays.status }),
      ...(this.reachability && { reach: this.reachability.status }),
      joinProblem: join.stage === 'alone' ? join.problem : '',
    }
  }

  // --- what the links report ---

  #onUp(link: Link): void {
    if (this.#state !== 'running') return
    this.#routing.linkUp(link)
    this.#mapped?.linkUp(link.peer.id)
    this.#contacts.linkUp(link.peer.id)
    this.#traversal.linkUp(link)
    this.#statusSoon()
  }

  #onDown(link: Link, reason: string): void {
    for (const key of ['sentPackets', 'sentBytes', 'receivedPackets', 'receivedBytes'] as const)
      this.#endedTraffic[key] += link.traffic[key]
    if (this.#state !== 'running') return
    // A newer session with the same peer has taken its place. What was under way on the old one may be lost: direct messages
    // and records hear of it by their acknowledgements, publications are told again.
    if (this.#links.get(link.peer.id)?.isOpen)
      return [this.#topics, this.meshes].forEach((each) => each.linkReplaced(link.peer.id))
    this.#routing.linkDown(link, reason)
    this.#unicast.linkDown(link.peer.id)
    this.#mapped?.linkDown(link.peer.id)
    this.#topics.linkDown(link.peer.id, reason)
    this.meshes.linkDown(link.peer.id)
    this.#dht.linkDown(link.peer.id)
    this.#contacts.linkDown(link.peer.id)
    this.#traversal.linkDown(link)
    this.#statusSoon()
  }

  #onMessage(link: Link, message: Uint8Array): void {
    if (this.#state !== 'running') return
    const handler = this.#handlers.of(message[0] ?? 0)
    if (!handler) return this.#around.drops.count('message of unknown type')
    this.#routing.heard(link)
    this.#guard(`message ${message[0]}`, () => handler(link, new Reader(message, 1)))
  }

  /** Nothing that arrives gets past here as an exception. */
  #guard(what: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#around.drops.count(`${what}: ${codeOf(error)}`)
      if (codeOf(error) === 'internal') this.#around.log.log('error', 'overlay', `${what}: ${String(error)}`)
    }
  }

  // --- what the application is told ---

  #onJoinState(): void {
    if (this.#routing.joinState.stage === 'joined') {
      this.#book.publishIfChanged()
      this.#contacts.retryAll()
    }
    this.#statusSoon()
  }

  /** Something that the status tells has changed outside the protocols. */
  protected statusChanged(): void {
    this.#statusSoon()
  }

  #statusSoon(): void {
    if (this.#statusTimer || this.#state !== 'running' || !this.#listeners.some((each) => each.status)) return
    this.#statusTimer = this.#around.timers.after(STATUS_PERIOD_MS, () => {
      this.#statusTimer = undefined
      const status = this.status()
      const text = JSON.stringify(withoutCounters(status))
      if (text === this.#lastStatus) return
      this.#lastStatus = text
      this.#emit('status', status)
    })
  }

  #emit<Name extends keyof OverlayEvents>(name: Name, ...args: Parameters<OverlayEvents[Name]>): void {
    for (const listener of this.#listeners)
      this.#guard(`listener of ${name}`, () =>
        (listener[name] as ((...args: unknown[]) => void) | undefined)?.(...args),
      )
  }

  #traffic(links: readonly Link[]): OverlayStatus['traffic'] {
    if (this.#parts.transport) {
      const { sentPackets, sentBytes, receivedPackets, receivedBytes } = this.#parts.transport
      return { sentPackets, sentBytes, receivedPackets, receivedBytes }
    }
    const sum = { ...this.#endedTraffic }
    for (const { traffic } of links)
      for (const key of ['sentPackets', 'sentBytes', 'receivedPackets', 'receivedBytes'] as const)
        sum[key] += traffic[key]
    return sum
  }
}

/** Counters always move; a change of what they count is what one wants to be told. */
function withoutCounters(status: OverlayStatus): unknown {
  const sessions = status.sessions.map(({ id, address }) => ({ id, address }))
  const relay = status.relay && { ...status.relay, bytesThisMonth: undefined, refused: undefined }
  return { ...status, sessions, relay, traffic: undefined, dropped: undefined }
}

/** As the person is told it; a circuit's address means nothing outside of this process. */
function placeOf({ address }: Link): string {
  if (!address) return ''
  return isCircuit(address) ? 'through a volunteer' : formatAddress(address)
}
