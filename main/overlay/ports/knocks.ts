// Packets of nine bytes that say nothing but a nonce: to open a NAT's hole, and to see whether an address lets them in.

import { type Address } from './datagram-socket.ts'

export interface Knocks {
  /** The nonce is sixteen hex digits. */
  knock(nonce: string, to: Address): void
  /** Of every knock that arrives. None is authenticated: a nonce that was told to nobody but its sender is all there is. */
  onKnock(listener: (nonce: string, from: Address) => void): void
}

export const KNOCK_BYTES = 9
