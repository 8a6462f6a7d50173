// One end of Banyan's transport as the program ships it: the operating system's UDP socket, libsodium, the real clock.

import { hostClock } from '../../main/host/clock.ts'
import { hostCrypto } from '../../main/host/crypto.ts'
import { hostRandom } from '../../main/host/random.ts'
import { UdpSocket } from '../../main/host/udp-socket.ts'
import { type Identity, searchIdentity } from '../../main/overlay/identity.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { type DatagramSocket } from '../../main/overlay/ports/datagram-socket.ts'
import { Endpoint, type EndpointOptions } from '../../main/overlay/transport/endpoint.ts'

const LOOPBACK = '127.0.0.1'
/** Ids that cost next to nothing. */
const network = networkOf(hostCrypto, 'bench', 1)

export function newIdentity(): Identity {
  for (;;) {
    const found = searchIdentity(hostCrypto, hostRandom, network, 100)
    if (found) return found
  }
}

/** `largestDatagramBytes`: the socket says so of every path, so that loopback passes for a narrower one. `wrap`: one around it. */
export async function openEnd(
  options: Partial<EndpointOptions> = {},
  made: {
    identity?: Identity
    largestDatagramBytes?: number | undefined
    wrap?: (socket: DatagramSocket) => DatagramSocket
  } = {},
): Promise<Endpoint> {
  const { identity = newIdentity(), largestDatagramBytes, wrap = (socket) => socket } = made
  const socket = await UdpSocket.bind(LOOPBACK, 0)
  if (largestDatagramBytes !== undefined)
    Object.assign(socket, { largestDatagram: () => largestDatagramBytes })
  const endpoint = new Endpoint({
    socket: wrap(socket),
    clock: hostClock,
    random: hostRandom,
    crypto: hostCrypto,
    log: { log: () => undefined },
    network,
    identity,
    options,
  })
  endpoint.start()
  return endpoint
}

/** Where an end is, as text that another process can dial. */
export interface EndAddress {
  noiseKey: string
  port: number
}

export function addressOf({ self }: Endpoint): EndAddress {
  return { noiseKey: Buffer.from(self.noiseKey).toString('hex'), port: self.addresses[0]!.port }
}

export function targetOf({ noiseKey, port }: EndAddress) {
  return { noiseKey: Uint8Array.from(Buffer.from(noiseKey, 'hex')), addresses: [{ host: LOOPBACK, port }] }
}
