// Volunteers as those see them who want to reach somebody: relay/ is the one implementation, node.ts hands it around. A
// node without a socket of its own (a simulation of overlay messages alone) has none.

import { type NodeId } from '../base/id.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type RelayReason } from '../wire/relay-messages.ts'
import { type Address } from './datagram-socket.ts'

export interface Reservation {
  readonly relay: NodeId
  readonly untilMs: number
}

export interface SignalAnswer {
  readonly payload: Uint8Array
  /** Where the server sees the peer. */
  readonly observed: Address
}

/**
 * What somebody has signalled, and where the server that passed it sees him; what it returns is the answer, undefined for
 * none. `server` may lie about what it sees, so no more goes there than to any address that one peer has named.
 */
export type SignalHandler = (
  from: NodeId,
  observed: Address,
  payload: Uint8Array,
  server: NodeId,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** A circuit is gone, for this reason; sessions over it hear nothing more, unless they have another path. */
export type CircuitGone = (address: Address, peer: NodeId, reason: string) => void

/**
 * All errors of questions to a volunteer: unreachable (no session with it, or it has none with the node meant), refused and
 * quota (RefusedByRelay says why), timeout, too-large.
 */
export interface RelayPaths {
  /** The volunteers that expect calls for this node, three at most: for others to be told. */
  readonly reservations: readonly PeerRecord[]
  /** Asks a linked volunteer to expect calls for this node, once. */
  reserve(relay: NodeId): Promise<Reservation>
  /**
   * An address under which the endpoint can dial `to`, through a linked relay at which one of the two holds a reservation. It
   * lasts while it is used, and as long as both have a session with the relay.
   */
  circuitTo(relay: NodeId, to: NodeId): Promise<Address>
  /** The circuit is not needed any more, because there is a better path. */
  closeCircuit(address: Address): void
  onCircuitGone(listener: CircuitGone): void
  /** Tells a node something by way of a linked handshake server, and returns what it answers. Up to MAX_SIGNAL_BYTES. */
  signal(server: NodeId, to: NodeId, payload: Uint8Array): Promise<SignalAnswer>
  onSignal(handler: SignalHandler): void
}

/** What the person gives. */
export interface RelayLimits {
  /** Passed on for others, all circuits together. */
  readonly bytesPerSecond: number
  readonly bytesPerMonth: number
  /** At once. */
  readonly circuits: number
}

/** Chosen: a tenth of a usual uplink, some hours of calls or months of conversation, and a few dozen people at once. */
export const DEFAULT_HELP: RelayLimits = {
  bytesPerSecond: 500_000,
  bytesPerMonth: 50e9,
  circuits: 64,
}

/** "Help others connect": the person's switch, and how far it goes. */
export interface HelpSettings extends RelayLimits {
  readonly helpOthers: boolean
}

/** What this node gives now and has given this month. */
export interface RelayStatus {
  readonly wantsToHelp: boolean
  /** It does: the person wants to, and strangers reach this node. */
  readonly isHelping: boolean
  readonly limits: RelayLimits
  readonly circuits: number
  readonly reservations: number
  readonly bytesThisMonth: number
  /** Distinct nodes, within some per cent. */
  readonly peopleThisMonth: number
  readonly refused: Readonly<Partial<Record<RelayReason, number>>>
  /** Volunteers that expect calls for this node. */
  readonly helpedBy: number
  /** Circuits that end here. */
  readonly ownCircuits: number
}
