// The smallest packet that this computer's own links take: larger ones would be cut into fragments here, before the path
// is even asked. Linux tells it as a file; elsewhere we take Ethernet's size, which nearly every link has at least.

import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

/** Ethernet, IEEE 802.3; Wi-Fi links keep to it. */
const ETHERNET_MTU_BYTES = 1500

/** In bytes of IP packet. An interface is one that has an address and is not loopback. */
export function leastInterfaceMtu(): number {
  const names = Object.entries(networkInterfaces())
    .filter(([, infos]) => infos?.some((info) => !info.internal))
    .map(([name]) => name)
  if (names.length === 0) return ETHERNET_MTU_BYTES
  return Math.min(...names.map(mtuOf))
}

function mtuOf(name: string): number {
  try {
    const bytes = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'))
    return bytes > 0 ? bytes : ETHERNET_MTU_BYTES
  } catch {
    return ETHERNET_MTU_BYTES // no Linux, or an interface that has just gone
  }
}
