// The side that is helped: reservations asked for, circuits asked for, and calls that come through relays.
//
//   circuitTo --connect--> opened -> address -----.
//                     \--> refused, no answer      +--closed by the relay, its session ends, close()--> gone
//   called --willing--> address ------------------'
//
// An end is opened before the relay is told that we are willing, so that the caller's first packet finds it. A session that
// runs over a circuit that is gone hears nothing any more, and ends by its own rules.

import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type CircuitGone, type Reservation } from '../ports/relays.ts'
import { type Link, type Links } from '../transport/links.ts'
import {
  type RelayReason,
  type Reserved,
  encodeAnswered,
  encodeClosed,
  encodeConnect,
  encodeReserve,
} from '../wire/relay-messages.ts'
import { Asks } from './asks.ts'
import { type CarriedSocket } from './carried-socket.ts'
import { RefusedByRelay } from './refused-by-relay.ts'

/** A circuit that ends here. */
export interface OwnCircuit {
  readonly circuitId: number
  readonly relay: Relay
  readonly peer: NodeId
  readonly address: Address
}

interface Relay {
  link: Link
  readonly circuits: Set<OwnCircuit>
}

export interface ClientParts {
  readonly links: Links
  readonly socket: CarriedSocket
  readonly onGone: CircuitGone
}

/** Chosen: a relay waits 2 s for the target. */
const ASK_MS = 3_000
/** Chosen: what one relay can make us keep; each end is some 300 bytes. */
const MAX_CIRCUITS_PER_RELAY = 32

export class RelayClient {
  readonly #parts: ClientParts
  readonly #clock: Surroundings['clock']
  readonly #relays = new Map<NodeId, Relay>() // those with circuits of ours
  readonly #circuits = new Map<number, OwnCircuit>()
  readonly #reserves: Asks<Reserved>
  readonly #connects: Asks<Address>

  constructor(around: Surroundings, parts: ClientParts) {
    this.#parts = parts
    this.#clock = around.clock
    this.#reserves = new Asks(around, ASK_MS)
    this.#connects = new Asks(around, ASK_MS)
  }

  get circuits(): readonly OwnCircuit[] {
    return [...this.#circuits.values()]
  }

  /** Whether a session with this node carries circuits of ours. */
  uses(id: NodeId): boolean {
    return this.#relays.has(id)
  }

  linkUp(link: Link): void {
    const relay = this.#relays.get(link.peer.id)
    if (relay) relay.link = link
  }

  linkDown(id: NodeId): void {
    for (const circuit of [...(this.#relays.get(id)?.circuits ?? [])]) this.#remove(circuit, 'relay lost')
    this.#reserves.serverLost(id)
    this.#connects.serverLost(id)
  }

  /** Asks a linked node to expect calls for us. Errors: refused, quota (RefusedByRelay), unreachable, timeout. */
  async reserve(relay: NodeId): Promise<Reservation> {
    const link = this.#linkTo(relay)
    const { seconds } = await this.#reserves.put(relay, undefined, (token) => link.send(encodeReserve(token)))
    return { relay, untilMs: this.#clock.nowMs() + 1000 * seconds }
  }

  /** Errors: refused, quota (RefusedByRelay), unreachable (no session with the relay), timeout. */
  async circuitTo(relay: NodeId, to: NodeId): Promise<Address> {
    const link = this.#linkTo(relay)
    return this.#connects.put(relay, to, (token) => link.send(encodeConnect(token, to)))
  }

  close(address: Address): void {
    for (const circuit of [...this.#circuits.values()]) {
      if (circuit.address.host !== address.host) continue
      this.#remove(circuit, 'closed')
      circuit.relay.link.send(encodeClosed(circuit.circuitId, 'done'))
    }
  }

  onReserved(link: Link, reserved: Reserved): void {
    this.#reserves.of(link.peer.id, reserved.token)?.succeed(reserved)
  }

  /** False where nothing of ours was refused. */
  onRefused(link: Link, { token, reason }: { token: number; reason: RelayReason }): boolean {
    const ask = this.#reserves.of(link.peer.id, token) ?? this.#connects.of(link.peer.id, token)
    ask?.fail(new RefusedByRelay(reason))
    return ask !== undefined
  }

  onOpened(link: Link, { token, circuitId }: { token: number; circuitId: number }): void {
    const ask = this.#connects.of(link.peer.id, token)
    const circuit =
      ask?.node && (this.#called(link, circuitId, ask.node) ?? this.#open(link, circuitId, ask.node))
    if (circuit) return ask.succeed(circuit.address)
    ask?.fail(new BanyanError('refused', 'the relay opened a circuit that cannot be'))
    // Nobody waits any more: the relay need not keep it.
    link.send(encodeClosed(circuitId, 'done'))
  }

  onCalled(link: Link, { circuitId, caller }: { circuitId: number; caller: NodeId }): void {
    const isWilling =
      caller !== this.#parts.links.self.id && this.#open(link, circuitId, caller) !== undefined
    link.send(encodeAnswered(circuitId, isWilling))
  }

  /** False where no circuit of ours is meant. */
  onClosed(link: Link, { circuitId, reason }: { circuitId: number; reason: RelayReason }): boolean {
    const circuit = this.#circuits.get(circuitId)
    if (circuit?.relay.link.peer.id !== link.peer.id) return false
    this.#remove(circuit, reason)
    return true
  }

  /** Errors: unreachable. */
  #linkTo(relay: NodeId): Link {
    const link = this.#parts.links.get(relay)
    if (!link?.isOpen) throw new BanyanError('unreachable', 'no session with the volunteer')
    return link
  }

  /** Both have called each other, and the relay has set up one circuit for both. */
  #called(link: Link, circuitId: number, peer: NodeId): OwnCircuit | undefined {
    const circuit = this.#circuits.get(circuitId)
    return circuit?.peer === peer && circuit.relay.link.peer.id === link.peer.id ? circuit : undefined
  }

  #open(link: Link, circuitId: number, peer: NodeId): OwnCircuit | undefined {
    const known = this.#relays.get(link.peer.id)
    if (known && known.circuits.size >= MAX_CIRCUITS_PER_RELAY) return undefined
    const relay = known ?? { link, circuits: new Set<OwnCircuit>() }
    const address = this.#parts.socket.open(circuitId, relay)
    if (!address) return undefined
    const circuit = { circuitId, relay, peer, address }
    this.#relays.set(link.peer.id, relay)
    relay.circuits.add(circuit)
    this.#circuits.set(circuitId, circuit)
    return circuit
  }

  #remove(circuit: OwnCircuit, reason: string): void {
    const { circuitId, relay, peer, address } = circuit
    this.#circuits.delete(circuitId)
    relay.circuits.delete(circuit)
    if (relay.circuits.size === 0) this.#relays.delete(relay.link.peer.id)
    this.#parts.socket.shut(circuitId)
    this.#parts.onGone(address, peer, reason)
  }
}
