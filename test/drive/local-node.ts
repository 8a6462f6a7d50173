// A real node without a process of its own: its own UDP socket on loopback, transport, database and seeds.

import { mkdirSync } from 'node:fs'
import { hostClock } from '../../main/host/clock.ts'
import { hostCrypto } from '../../main/host/crypto.ts'
import { LevelStore } from '../../main/host/level-store.ts'
import { hostRandom } from '../../main/host/random.ts'
import { UdpSocket } from '../../main/host/udp-socket.ts'
import { toBase64Url } from '../../main/overlay/base/bytes.ts'
import { Identity, type IdentitySeeds, searchIdentity } from '../../main/overlay/identity.ts'
import { type Network, networkOf } from '../../main/overlay/network.ts'
import { OverlayNode } from '../../main/overlay/node.ts'
import { type DatagramSocket, formatAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { TEST_NETWORK } from './headless-process.ts'

const LOOPBACK = '127.0.0.1'

export class LocalNode {
  readonly node: OverlayNode
  readonly endpoint: Endpoint
  readonly seeds: IdentitySeeds
  readonly #folder: string
  readonly #store: LevelStore
  readonly #line: { isCut: boolean }

  private constructor(
    parts: Pick<LocalNode, 'node' | 'endpoint' | 'seeds'>,
    folder: string,
    store: LevelStore,
    line: { isCut: boolean },
  ) {
    this.node = parts.node
    this.endpoint = parts.endpoint
    this.seeds = parts.seeds
    this.#folder = folder
    this.#store = store
    this.#line = line
  }

  static async start(folder: string, bootstrap: DialTarget[], seeds?: IdentitySeeds): Promise<LocalNode> {
    mkdirSync(folder, { recursive: true })
    const network = testNetwork()
    const identity = seeds ? new Identity(hostCrypto, network, seeds) : newIdentity(network)
    const socket = await UdpSocket.bind(LOOPBACK, 0)
    const line = { isCut: false }
    const store = await LevelStore.open(folder)
    const ports = {
      clock: hostClock,
      random: hostRandom,
      crypto: hostCrypto,
      log: { log: () => undefined },
      network,
    }
    const endpoint = new Endpoint({ ...ports, socket: cuttable(socket, line), identity })
    endpoint.start()
    const node = new OverlayNode({ ...ports, store, links: endpoint, identity, transport: endpoint.counters })
    node.addPeers(bootstrap)
    await node.start()
    return new LocalNode({ node, endpoint, seeds: identity.seeds }, folder, store, line)
  }

  get target(): DialTarget {
    const { noiseKey, addresses, id } = this.endpoint.self
    return { noiseKey, addresses, id }
  }

  get bootstrapEntry(): string {
    const { noiseKey, addresses } = this.endpoint.self
    return `${formatAddress(addresses[0]!)}#${toBase64Url(noiseKey)}`
  }

  async stop(): Promise<void> {
    await this.node.stop()
    await this.endpoint.stop()
    await this.#store.close()
  }

  /** As when its process is killed: no goodbye leaves it, and nothing reaches it any more. */
  async vanish(): Promise<void> {
    this.#line.isCut = true
    await this.stop()
  }

  /** The same node again, on its own database. */
  restart(bootstrap: DialTarget[]): Promise<LocalNode> {
    return LocalNode.start(this.#folder, bootstrap, this.seeds)
  }
}

export function testNetwork(): Network {
  const [name, bits] = TEST_NETWORK.split(':')
  return networkOf(hostCrypto, name!, Number(bits))
}

function newIdentity(network: Network): Identity {
  for (;;) {
    const found = searchIdentity(hostCrypto, hostRandom, network, 1_000)
    if (found) return found
  }
}

function cuttable(socket: DatagramSocket, line: { isCut: boolean }): DatagramSocket {
  return {
    local: socket.local,
    localAddresses: () => socket.localAddresses(),
    largestDatagram: (to) => socket.largestDatagram(to),
    send: (datagram, to) => (line.isCut ? undefined : socket.send(datagram, to)),
    onDatagram: (receiver) =>
      socket.onDatagram((datagram, from) => (line.isCut ? undefined : receiver(datagram, from))),
    close: () => socket.close(),
  }
}
