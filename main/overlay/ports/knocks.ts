// Packets of nine bytes that say nothing but a nonce: to open a NAT's hole, and to see whether an address lets them in.

import { type Address } from './datagram-socket.ts'

export interface Knocks {
  /** The nonce is sixteen hex digits. */
  knock(nonce: string, to: Address): void
  /**
   * Tells of the knocks with this nonce until the returned function is called. None is authenticated: a nonce that was told to
   * nobody but its sender is all there is.
   */
  onKnock(nonce: string, knocked: (from: Address) => void): () => void
}

/** On the wire, with IP's and UDP's headers. */
export const KNOCK_BYTES = 37
