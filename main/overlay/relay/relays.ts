// Relay and handshake server as one node has them, both sides. Read this first: it hands each message to the part that
// understands it, and is all that the rest of the node knows of the folder.

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address } from '../ports/datagram-socket.ts'
import {
  type CircuitGone,
  DEFAULT_HELP,
  type HelpSettings,
  type RelayPaths,
  type RelayStatus,
  type Reservation,
  type SignalAnswer,
  type SignalHandler,
} from '../ports/relays.ts'
import { type Routes } from '../ports/routes.ts'
import { type Store } from '../ports/store.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import {
  type Offer,
  decodeAnswered,
  decodeCalled,
  decodeClosed,
  decodeConnect,
  decodeOffer,
  decodeOpened,
  decodeRefused,
  decodeReserve,
  decodeReserved,
  decodeSignal,
} from '../wire/relay-messages.ts'
import { type CarriedSocket } from './carried-socket.ts'
import { MonthlyUse } from './monthly-use.ts'
import { RelayClient } from './relay-client.ts'
import { RelayLedger } from './relay-ledger.ts'
import { MAX_RESERVATIONS } from './relay-limits.ts'
import { RelayService } from './relay-service.ts'
import { ReservationKeeper } from './reservation-keeper.ts'
import { Signals } from './signals.ts'
import { Volunteers } from './volunteers.ts'

export interface RelayParts {
  readonly links: Links
  readonly store: Store
  readonly socket: CarriedSocket
  /** Missing where nothing is routed: then no volunteers are looked for. */
  readonly routes?: Routes
  /** Whether strangers have been proven to reach this node. */
  readonly isReachable: () => boolean
  readonly onChange: () => void
}

export class Relays implements RelayPaths {
  readonly #parts: RelayParts
  readonly #ledger: RelayLedger
  readonly #use: MonthlyUse
  readonly #service: RelayService
  readonly #client: RelayClient
  readonly #signals: Signals
  readonly #volunteers: Volunteers
  readonly #keeper: ReservationKeeper
  readonly #goneListeners: CircuitGone[] = []
  #wantsToHelp = false
  #wasOffered = false

  constructor(around: Surroundings, parts: RelayParts) {
    const { links, socket } = parts
    const onChange = (): void => {
      this.#volunteers.changed()
      parts.onChange()
    }
    this.#parts = parts
    this.#ledger = new RelayLedger(around.clock, DEFAULT_HELP)
    this.#use = new MonthlyUse(around, parts.store)
    const isOffered = (): boolean => this.isOffered
    const ledger = this.#ledger
    this.#service = new RelayService(around, { links, socket, ledger, use: this.#use, isOffered, onChange })
    const onGone: CircuitGone = (address, peer, reason) => {
      for (const listener of this.#goneListeners) listener(address, peer, reason)
    }
    this.#client = new RelayClient(around, { links, socket, onGone })
    const onHelped = (from: NodeId, to: NodeId): void => {
      this.#use.helped(from)
      this.#use.helped(to)
    }
    this.#signals = new Signals(around, { links, ledger, isOffered, onHelped })
    const volunteers = new Volunteers(around, { links, routes: parts.routes, offer: () => this.#offer })
    this.#volunteers = volunteers
    this.#keeper = new ReservationKeeper(around, {
      links,
      volunteers,
      reserve: (relay) => this.reserve(relay),
      isNeeded: () => parts.routes !== undefined && !parts.isReachable(),
      onChange: parts.onChange,
    })
  }

  get isOffered(): boolean {
    return this.#wantsToHelp && this.#parts.isReachable()
  }

  get status(): RelayStatus {
    this.#use.turn()
    return {
      isHelping: this.isOffered,
      wantsToHelp: this.#wantsToHelp,
      limits: this.#ledger.limits,
      circuits: this.#ledger.circuits,
      reservations: this.#ledger.reservations,
      bytesThisMonth: this.#use.bytes,
      peopleThisMonth: this.#use.people,
      refused: { ...this.#ledger.refused },
      helpedBy: this.reservations.length,
      ownCircuits: this.#client.circuits.length,
    }
  }

  async start(): Promise<void> {
    await this.#use.load()
    this.#keeper.changed()
  }

  async stop(): Promise<void> {
    await this.#use.save()
  }

  /** What the person has set; holds at once. */
  setHelp({ helpOthers, ...limits }: HelpSettings): void {
    this.#wantsToHelp = helpOthers
    this.#ledger.setLimits(limits)
    this.reachabilityChanged()
  }

  /** Strangers reach this node, or no longer. */
  reachabilityChanged(): void {
    if (this.#wasOffered && !this.isOffered) this.#service.withdraw()
    this.#wasOffered = this.isOffered
    this.#volunteers.changed()
    this.#keeper.changed()
    this.#parts.onChange()
  }

  // What the connecting code asks for.

  get reservations(): readonly PeerRecord[] {
    return this.#keeper.records
  }

  reserve(relay: NodeId): Promise<Reservation> {
    return this.#client.reserve(relay)
  }

  circuitTo(relay: NodeId, to: NodeId): Promise<Address> {
    return this.#client.circuitTo(relay, to)
  }

  closeCircuit(address: Address): void {
    this.#client.close(address)
  }

  onCircuitGone(listener: CircuitGone): void {
    this.#goneListeners.push(listener)
  }

  signal(server: NodeId, to: NodeId, payload: Uint8Array): Promise<SignalAnswer> {
    return this.#signals.send(server, to, payload)
  }

  onSignal(handler: SignalHandler): void {
    this.#signals.onSignal(handler)
  }

  /** Whether the link to this node carries anything of ours, or of those we help. */
  uses(id: NodeId): boolean {
    return this.#client.uses(id) || this.#service.helps(id) || this.#keeper.has(id)
  }

  // What the node tells.

  linkUp(link: Link): void {
    this.#service.linkUp(link)
    this.#client.linkUp(link)
    this.#volunteers.linkUp(link)
  }

  linkDown(id: NodeId): void {
    this.#service.linkDown(id)
    this.#client.linkDown(id)
    this.#signals.linkDown(id)
    this.#volunteers.linkDown(id)
    this.#keeper.linkDown(id)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.relayReserve, (link, body) => this.#service.onReserve(link, decodeReserve(body))],
      [MESSAGE.relayReserved, (link, body) => this.#client.onReserved(link, decodeReserved(body))],
      [MESSAGE.relayRefused, (link, body) => this.#onRefused(link, decodeRefused(body))],
      [MESSAGE.relayConnect, (link, body) => this.#service.onConnect(link, decodeConnect(body))],
      [MESSAGE.relayCalled, (link, body) => this.#client.onCalled(link, decodeCalled(body))],
      [MESSAGE.relayAnswered, (link, body) => this.#service.onAnswered(link, decodeAnswered(body))],
      [MESSAGE.relayOpened, (link, body) => this.#client.onOpened(link, decodeOpened(body))],
      [MESSAGE.relayClosed, (link, body) => this.#onClosed(link, decodeClosed(body))],
      [MESSAGE.relaySignal, (link, body) => this.#signals.onMessage(link, decodeSignal(body))],
      [MESSAGE.relayOffer, (link, body) => this.#onOffer(link, decodeOffer(body))],
    ]
  }

  /** What this node's neighbours are told; of the things that may run out, the one that is nearest to it. */
  get #offer(): Offer | undefined {
    if (!this.isOffered) return undefined
    const { limits, circuits, reservations } = this.#ledger
    const monthly = this.#use.bytes / limits.bytesPerMonth
    const load = Math.max(circuits / limits.circuits, reservations / MAX_RESERVATIONS, monthly)
    return { isRelay: true, isHandshakeServer: true, load }
  }

  #onOffer(link: Link, offer: Offer): void {
    const isNew = this.#volunteers.onOffer(link, offer)
    if (isNew) this.#keeper.changed()
    else if (!offer.isRelay) this.#keeper.linkDown(link.peer.id) // it has stopped, and expects nobody any more
  }

  #onRefused(link: Link, refused: ReturnType<typeof decodeRefused>): void {
    if (!this.#client.onRefused(link, refused)) this.#signals.onRefused(link, refused)
  }

  #onClosed(link: Link, closed: ReturnType<typeof decodeClosed>): void {
    if (!this.#client.onClosed(link, closed)) this.#service.onClosed(link, closed.circuitId)
  }
}
