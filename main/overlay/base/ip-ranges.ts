// Which addresses mean a place on the Internet, and which are taken to have one owner. Beside ip.ts, which only reads them.

import { toHex } from './bytes.ts'
import { parseHost } from './ip.ts'
import { ipScope } from './ip-scope.ts'

export type AddressFamily = 'ipv4' | 'ipv6'

/**
 * public: may be reached from anywhere. private: means something on one LAN, or inside one provider. loopback: this computer. nowhere:
 * no place that anything may be sent to (unspecified, multicast, the discard prefix 100::/64 of RFC 6666, or no address).
 */
export type HostKind = 'public' | 'private' | 'loopback' | 'nowhere'

export function familyOf(host: string): AddressFamily {
  return host.includes(':') ? 'ipv6' : 'ipv4'
}

export function kindOfHost(host: string): HostKind {
  const scope = ipScope(host)
  if (scope === 'none') return 'nowhere'
  return scope === 'link' ? 'private' : scope
}

/** Chosen: what one party gets at once from a provider without being asked why: a /24 of IPv4, a /48 of IPv6 (RFC 6177). */
export function ownerRangeOf(host: string): string {
  const bytes = parseHost(host)
  if (!bytes) return host
  return toHex(bytes.subarray(0, bytes.length === 4 ? 3 : 6))
}
