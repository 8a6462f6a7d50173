// The local network as the core sees it: a place to call out that this node is here, and to hear others do so. The real
// one (host/lan-discovery.ts) is multicast DNS; nothing crosses a router.

import { type Bytes } from '../base/bytes.ts'

/** Somebody says that a node of this Banyan network is there. Only its handshake proves it. */
export interface LanWord {
  readonly noiseKey: Bytes
  /** Where the word came from, which is the only address believed. */
  readonly host: string
  readonly port: number
  /** How long it holds; 0 is a goodbye. */
  readonly lifetimeMs: number
}

export interface LanListener {
  /** Somebody asks who is there. */
  asked(host: string): void
  told(word: LanWord): void
}

export interface Lan {
  /** One listener. */
  on(listener: LanListener): void
  /** Whether an address is on a network that an interface of this computer is on. */
  isLocal(host: string): boolean
  /** One packet per interface: who is there? */
  ask(): void
  /** One packet per interface: this node is here, for so long; 0 is goodbye. With hosts, only where one of them is. */
  tell(lifetimeMs: number, hosts?: readonly string[]): void
  /** Interfaces have come or gone. */
  renew(): void
  close(): void
}
