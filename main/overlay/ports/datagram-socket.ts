// One UDP socket. Sending never fails loudly: a datagram may be lost, and the layers above live with that.

import { type Bytes } from '../base/bytes.ts'
import { formatHost, parseHost } from '../base/ip.ts'

/** A numeric IP address with a port. The host is in the form the socket reports ("192.0.2.1", "2001:db8::1"). */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface DatagramSocket {
  /** Where it is bound; the host may be a wildcard. */
  readonly local: Address
  /** Addresses of this machine under which others may try this socket (the bound one, where it is bound to one). */
  localAddresses(): Address[]
  /**
   * The largest datagram worth trying towards an address: what leaves this computer in one piece. Whether the path
   * carries it is for path MTU discovery to find; a larger one would be cut up and put together by the system.
   */
  largestDatagram(to: Address): number
  /**
   * Sends; drops what the system will not take, as a network would. The bytes belong to the socket from then on: it may
   * still read them after the call.
   */
  send(datagram: Uint8Array, to: Address): void
  /** One receiver. The bytes belong to the receiver until it returns; it copies what it keeps. */
  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void
  close(): Promise<void>
}

/**
 * Another socket of the same kind at any free port, for measurements that must not touch the one in use; whoever opens it
 * closes it. Errors: unsupported.
 */
export type OpenSocket = () => Promise<DatagramSocket>

export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host
}

export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

// A path through a relay (relay/carried-socket.ts) has an address like any other, so that a session need not know of it. It
// names something on this computer only: it is never told to others, nor believed when told.

/** 100::/64, the discard prefix (RFC 6666): what is sent there by mistake goes nowhere. */
const CIRCUIT_PREFIX = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
const CIRCUIT_TEXT = '100:'
/** Chosen: ports mean nothing here, and 0 is none. */
const CIRCUIT_PORT = 1
/** Of such a host, what names the relay: the callers that come over one relay are alike to whoever counts callers. */
export const CIRCUIT_RELAY_BYTES = 12

/** `relay` and `circuit` are whole numbers below 2^32 that this node gave them. */
export function circuitAddress(relay: number, circuit: number): Address {
  const host = new Uint8Array(16)
  host.set(CIRCUIT_PREFIX)
  const view = new DataView(host.buffer)
  view.setUint32(CIRCUIT_PREFIX.length, relay)
  view.setUint32(CIRCUIT_RELAY_BYTES, circuit)
  return { host: formatHost(host), port: CIRCUIT_PORT }
}

export function isCircuit({ host }: Address): boolean {
  if (!host.startsWith(CIRCUIT_TEXT)) return false
  const bytes = parseHost(host)
  return bytes !== undefined && CIRCUIT_PREFIX.every((byte, i) => bytes[i] === byte)
}

/** What a peer is told that is seen at a circuit's address: no address at all, in the form of one. */
const NOWHERE = circuitAddress(0, 0)

/** An address as its owner may be told it. */
export function tellable(address: Address): Address {
  return isCircuit(address) ? NOWHERE : address
}
