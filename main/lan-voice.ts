// Discovery on the local network, wired to the real one: there while the switch is on.

import { hostClock } from './host/clock.ts'
import { hostRandom } from './host/random.ts'
import { LanPeers, type LanPeersParts } from './overlay/contact/lan-peers.ts'
import { type Network } from './overlay/network.ts'

export interface LanVoiceParts extends Pick<LanPeersParts, 'onFound' | 'drops'> {
  network: Network
  noiseKey: Uint8Array
  port: number
}

/** Loaded when first needed: a start does not pay for it. */
export async function openLanVoice(parts: LanVoiceParts): Promise<LanPeers> {
  const { lanDiscovery } = await import('./host/lan-discovery.ts')
  const { network, noiseKey, port, onFound, drops } = parts
  const lan = lanDiscovery({ networkId: network.id, noiseKey, port })
  return new LanPeers({ clock: hostClock, random: hostRandom, drops, lan, ownKey: noiseKey, onFound })
}
