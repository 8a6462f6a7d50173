// Which addresses mean a place on the Internet, and which are taken to have one owner. Beside ip.ts, which only reads them.

import { type Bytes, toHex } from './bytes.ts'
import { isLoopback, parseHost } from './ip.ts'

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
  if (isLoopback(host)) return 'loopback'
  const bytes = parseHost(host)
  if (!bytes) return 'nowhere'
  return bytes.length === 4 ? kindOfIPv4(bytes) : kindOfIPv6(bytes)
}

/** RFC 1918, RFC 6598 §7 (inside a provider), RFC 3927 (link-local); RFC 1122 §3.2.1.3 and RFC 5771 for what is nowhere. */
function kindOfIPv4(bytes: Bytes): HostKind {
  const [a, b] = [bytes[0]!, bytes[1]!]
  if (a === 0 || a >= 224) return 'nowhere'
  if (a === 10 || (a === 192 && b === 168) || (a === 169 && b === 254)) return 'private'
  const isPrivate = (a === 172 && b >> 4 === 1) || (a === 100 && b >> 6 === 1)
  return isPrivate ? 'private' : 'public'
}

/** RFC 4193 (fc00::/7), RFC 4291 §2.5.6 (fe80::/10) and §2.7 (multicast), RFC 6666 (100::/64). */
function kindOfIPv6(bytes: Bytes): HostKind {
  const isZero = (from: number, to: number): boolean => bytes.subarray(from, to).every((byte) => byte === 0)
  if (bytes[0] === 0xff || isZero(0, 16)) return 'nowhere'
  if (bytes[0] === 1 && isZero(1, 8)) return 'nowhere'
  const isPrivate = (bytes[0]! & 0xfe) === 0xfc || (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80)
  return isPrivate ? 'private' : 'public'
}

/** Chosen: what one party gets at once from a provider without being asked why: a /24 of IPv4, a /48 of IPv6 (RFC 6177). */
export function ownerRangeOf(host: string): string {
  const bytes = parseHost(host)
  if (!bytes) return host
  return toHex(bytes.subarray(0, bytes.length === 4 ? 3 : 6))
}
