// One way of asking the router in front of this computer for a UDP port that the Internet can reach: NAT-PMP (RFC 6886)
// or UPnP's Internet Gateway Device. The real ones are in host/port-mapping/; when to ask is decided in
// reach/port-mapping.ts.

import { type Address } from './datagram-socket.ts'

export type MappingMethod = 'nat-pmp' | 'upnp'

export interface MappingWish {
  /** The UDP port of our socket. */
  readonly internalPort: number
  /** The port we would like to have outside; the router may give another. */
  readonly externalPort: number
  readonly lifetimeMs: number
}

export interface MappingGrant {
  readonly method: MappingMethod
  readonly internalPort: number
  /** Where packets from outside arrive: the router's own outer address, which may be private in turn. */
  readonly external: Address
  /** Of the router's choosing; it forgets the mapping then. */
  readonly lifetimeMs: number
  /** Seconds since the router began its table (RFC 6886 §3.6); undefined where the method tells none. */
  readonly epochSeconds: number | undefined
}

/**
 * no-gateway: this computer has no router to ask. silent: nobody answers. refused: the router may not or will not.
 * no-ports: every port that was tried is somebody else's. failed: it answered, and not in a way that we can use.
 */
export type MappingFailure = 'no-gateway' | 'silent' | 'refused' | 'no-ports' | 'failed'

export type MappingAnswer =
  | { readonly kind: 'granted'; readonly grant: MappingGrant }
  | { readonly kind: 'denied'; readonly reason: MappingFailure }

export type MappingCheck =
  | {
      readonly kind: 'answered'
      readonly externalHost: string
      readonly epochSeconds: number | undefined
      /** Whether the router still has the mapping; undefined where the method cannot be asked that. */
      readonly isHeld: boolean | undefined
    }
  | { readonly kind: 'silent' }

/** None of its calls rejects; each ends by itself within a few seconds. */
export interface PortMapper {
  readonly method: MappingMethod
  /** A mapping of ours, new or renewed; never one that another computer of the network holds. */
  map(wish: MappingWish): Promise<MappingAnswer>
  check(grant: MappingGrant): Promise<MappingCheck>
  /** Removes the mapping if it is ours. */
  unmap(grant: MappingGrant): Promise<void>
  /** Waits for what was taken for silent and is still under way; what comes of it is given back. */
  settle?(): Promise<void>
}

/** What the person is told. Wall times are Unix milliseconds. */
export type PortMappingStatus =
  /** off: the person does not want it. needless: the Internet reaches this computer without. */
  | { state: 'off' | 'needless' }
  | { state: 'asking' }
  | { state: 'mapped'; method: MappingMethod; external: Address; untilWallMs: number }
  /** Why not, by the mapper that came farthest. */
  | { state: 'waiting'; reason: MappingFailure; retryWallMs: number }
