// The stage for the transport's stories: a packet network in virtual time, and nodes on it with keys from a seed.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Identity, searchIdentity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Bytes, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Clock } from '../../../main/overlay/ports/clock.ts'
import { type Crypto } from '../../../main/overlay/ports/crypto.ts'
import { Endpoint, type EndpointOptions } from '../../../main/overlay/transport/endpoint.ts'
import { type DialTarget, type Link } from '../../../main/overlay/transport/links.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { type Uplink } from '../../../simulator/net/receivers.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'

const INSIDE_PORT = 4_000

export const testNetwork = networkOf(hostCrypto, 'test', 2)

export interface Peer {
  endpoint: Endpoint
  identity: Identity
  socket: SimulatedSocket
  /** What happened, in order: "up", "down: reason". */
  story: string[]
  received: Bytes[]
  onMessage: (link: Link, message: Bytes) => void
}

export function targetOf(peer: Peer): DialTarget {
  return { id: peer.identity.id, noiseKey: peer.identity.noiseKey.publicKey, addresses: [peer.socket.local] }
}

export class World {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly random: SeededRandom
  readonly net: PacketNetwork
  readonly logged: string[] = []
  packets = 0

  constructor(seed: number, model: Partial<PathModel> = {}) {
    this.random = new SeededRandom(seed)
    this.net = new PacketNetwork(this.queue, new SeededRandom(seed + 1), model)
    this.net.tap(() => this.packets++)
  }

  identity(network = testNetwork): Identity {
    return searchIdentity(hostCrypto, this.random, network, 10_000)!
  }

  peer(
    host: string,
    made: {
      identity?: Identity
      network?: typeof testNetwork
      options?: Partial<EndpointOptions>
      port?: number
      clock?: Clock
      crypto?: Crypto
      /** Where the socket is plugged in, if not into the open network. */
      uplink?: Uplink
    } = {},
  ): Peer {
    const { network = testNetwork, options, crypto = hostCrypto } = made
    const identity = made.identity ?? this.identity(network)
    const socket = made.uplink
      ? SimulatedSocket.open({ host, port: made.port ?? INSIDE_PORT }, made.uplink)
      : this.net.open(host, made.port)
    const { random } = this
    const { clock = this.clock } = made
    const log = {
      log: (level: string, room: string, text: string, facts?: object) =>
        void this.logged.push(`${level} ${room} ${text} ${JSON.stringify(facts)}`),
    }
    const endpoint = new Endpoint({
      socket,
      clock,
      random,
      crypto,
      log,
      network,
      identity,
      options,
    })
    const peer: Peer = { endpoint, identity, socket, story: [], received: [], onMessage: () => {} }
    endpoint.on({
      up: () => peer.story.push('up'),
      down: (_link, reason) => peer.story.push(`down: ${reason}`),
      message: (link, message) => {
        peer.received.push(message)
        peer.onMessage(link, message)
      },
    })
    endpoint.start()
    return peer
  }

  /** Two peers, the lower id first when `ordered`. */
  pair(options?: Partial<EndpointOptions>): [Peer, Peer] {
    return [this.peer('10.0.0.1', { options }), this.peer('10.0.0.2', { options })]
  }

  async run(forMs: number): Promise<void> {
    await this.queue.runUntil(this.queue.nowMs + forMs)
  }

  /** Lets time pass until the promise is settled, at most so long. */
  async until<T>(promise: Promise<T>, forMs = 10_000): Promise<T> {
    let settled = false
    const note = () => void (settled = true)
    promise.then(note, note)
    const endMs = this.queue.nowMs + forMs
    while (!settled && this.queue.nowMs < endMs) await this.run(10)
    if (!settled) throw new Error(`not settled within ${forMs} ms`)
    return promise
  }

  async connected(
    options?: Partial<EndpointOptions>,
  ): Promise<{ alice: Peer; bob: Peer; link: Link; back: Link }> {
    const [alice, bob] = this.pair(options)
    const link = await this.until(alice.endpoint.dial(targetOf(bob)))
    await this.run(500)
    return { alice, bob, link, back: bob.endpoint.get(alice.identity.id)! }
  }
}

export function text(message: Uint8Array): string {
  return new TextDecoder().decode(message)
}

export { utf8 }
