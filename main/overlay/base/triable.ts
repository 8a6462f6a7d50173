// Which of the addresses that a peer names for itself are worth a packet. Nobody is made to send to loopback, to groups, or about
// in networks that he is not in himself: a peer on the same LAN has an address there that looks like ours.

import { parseHost } from './ip.ts'
import { ipScope } from './ip-scope.ts'

/** Chosen: homes and offices are /24 of IPv4, networks of IPv6 are /64 (RFC 4291 §2.5.1); the real length is the system's secret. */
const NETWORK_BYTES = { ipv4: 3, ipv6: 8 }

/** `own`: hosts of this computer. */
export function isTriable(address: { host: string; port: number }, own: readonly string[]): boolean {
  if (address.port === 0) return false
  const scope = ipScope(address.host)
  if (scope === 'public') return true
  if (scope === 'none') return false
  if (scope === 'loopback') return own.some((host) => ipScope(host) === 'loopback')
  return own.some((host) => isSameNetwork(host, address.host))
}

function isSameNetwork(one: string, other: string): boolean {
  const [a, b] = [parseHost(one), parseHost(other)]
  if (!a || !b || a.length !== b.length) return false
  const length = a.length === 4 ? NETWORK_BYTES.ipv4 : NETWORK_BYTES.ipv6
  return a.subarray(0, length).every((byte, i) => byte === b[i])
}
