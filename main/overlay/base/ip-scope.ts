// How far an IP address is good for.

import { bitsOfIPv4, parseHost } from './ip.ts'

/**
 * none: nothing that one could send to (unspecified, multicast, the discard prefix of RFC 6666), or no address. loopback: this computer. link: one cable or Wi-Fi (link-local). private:
 * one home or company (RFC 1918, RFC 4193) or one provider's inside (RFC 6598). public: the Internet.
 */
export type IpScope = 'none' | 'loopback' | 'link' | 'private' | 'public'

export function ipScope(host: string): IpScope {
  const bits = bitsOfIPv4(host)
  if (bits !== undefined) return scopeOfIPv4(bits)
  const bytes = parseHost(host)
  return bytes ? scopeOfIPv6(bytes) : 'none'
}

function scopeOfIPv4(bits: number): IpScope {
  const first = bits >>> 24
  const second = (bits >>> 16) & 0xff
  if (first === 0 || first >= 224) return 'none'
  if (first === 127) return 'loopback'
  if (first === 169 && second === 254) return 'link'
  const isPrivate = first === 10 || (first === 172 && second >> 4 === 1) || (first === 192 && second === 168)
  const isProviders = first === 100 && second >> 6 === 1
  return isPrivate || isProviders ? 'private' : 'public'
}

function scopeOfIPv6(bytes: Uint8Array): IpScope {
  const [first = 0, second = 0] = bytes
  const isZero = (from: number, to: number): boolean => bytes.subarray(from, to).every((byte) => byte === 0)
  if (isZero(0, 15)) return bytes[15] === 1 ? 'loopback' : 'none'
  if (first === 0xff || (first === 1 && isZero(1, 8))) return 'none'
  if (first === 0xfe && second >> 6 === 2) return 'link'
  return first >> 1 === 0x7e ? 'private' : 'public'
}
