// One UDP socket. Sending never fails loudly: a datagram may be lost, and the layers above live with that.

import { type Bytes } from '../base/bytes.ts'

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

export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host
}

export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
