// One end of Banyan's transport with the relay's two sides on top, as the program ships them: for measurements by way of a
// volunteer. Strangers reach it, as everybody does on loopback.

import { hostClock } from '../../main/host/clock.ts'
import { hostCrypto } from '../../main/host/crypto.ts'
import { hostRandom } from '../../main/host/random.ts'
import { DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../main/overlay/base/timer-group.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { type DatagramSocket } from '../../main/overlay/ports/datagram-socket.ts'
import { CarriedSocket } from '../../main/overlay/relay/carried-socket.ts'
import { Relays } from '../../main/overlay/relay/relays.ts'
import { type Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { MemoryStore } from '../../simulator/memory-store.ts'
import { openEnd } from './loopback-end.ts'

export interface RelayEnd {
  endpoint: Endpoint
  relays: Relays
}

export async function openRelayEnd(): Promise<RelayEnd> {
  let carried!: CarriedSocket
  const wrap = (socket: DatagramSocket) => (carried = new CarriedSocket(socket, hostClock))
  const endpoint = await openEnd({}, { wrap })
  const around = {
    clock: hostClock,
    random: hostRandom,
    crypto: hostCrypto,
    log: { log: () => undefined },
    network: networkOf(hostCrypto, 'bench', 1),
    drops: new DropCounts(),
    timers: new TimerGroup(hostClock),
  }
  const relays = new Relays(around, {
    links: endpoint,
    store: new MemoryStore(),
    socket: carried,
    isReachable: () => true,
    onChange: () => undefined,
  })
  const handlers = new Map(relays.handlers())
  endpoint.on({
    up: (link) => relays.linkUp(link),
    down: ({ peer }) => relays.linkDown(peer.id),
    message: (link, message) => handlers.get(message[0]!)?.(link, new Reader(message, 1)),
  })
  return { endpoint, relays }
}
