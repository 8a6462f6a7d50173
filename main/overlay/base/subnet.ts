// A range of IP addresses as an interface is on: "192.168.1.0/24".

import { parseHost } from './ip.ts'

/** Whether the address is among those that share the first bits with the range's. False for what is no address. */
export function isInSubnet(host: string, cidr: string): boolean {
  const [network = '', length = ''] = cidr.split('/')
  const bytes = parseHost(host)
  const base = parseHost(network)
  const bits = Number(length)
  if (!bytes || !base || bytes.length !== base.length || length === '') return false
  for (let at = 0, left = bits; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff
    if (((bytes[at]! ^ base[at]!) & mask) !== 0) return false
  }
  return true
}
