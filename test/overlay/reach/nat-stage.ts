// Whole nodes behind NAT boxes of chosen kinds, in virtual time: for the stories of who reaches whom, and how.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { isCircuit } from '../../../main/overlay/ports/datagram-socket.ts'
import { ReachSocket } from '../../../main/overlay/reach/reach-socket.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { SocketNode } from '../../../main/socket-node.ts'
import { Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { KeptErrors } from '../../../simulator/kept-errors.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { type NatBehaviour } from '../../../simulator/net/nat-behaviour.ts'
import { NatBox } from '../../../simulator/net/nat-box.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'
import { LINUX_HOME } from '../../../simulator/packets/nat-kinds.ts'

const NETWORK = networkOf(hostCrypto, 'nats', 0)
const PORT = 4_000

export const NATS = {
  'full cone': { ...LINUX_HOME, filtering: 'endpoint-independent' },
  'address-restricted': { ...LINUX_HOME, filtering: 'address-dependent' },
  'port-restricted': LINUX_HOME,
  'symmetric, sequential': {
    ...LINUX_HOME,
    mapping: 'address-and-port-dependent',
    portAssignment: 'sequential',
    maxBindings: 65_536,
  },
  'symmetric, descending': {
    ...LINUX_HOME,
    mapping: 'address-and-port-dependent',
    portAssignment: 'descending',
  },
  'symmetric, random': {
    ...LINUX_HOME,
    mapping: 'address-and-port-dependent',
    portAssignment: 'random',
  },
} as const satisfies Record<string, NatBehaviour>

export type Kind = 'public' | keyof typeof NATS

export interface Inhabitant {
  readonly kind: Kind
  readonly identity: Identity
  readonly socket: SimulatedSocket
  readonly node: SocketNode
  readonly endpoint: Endpoint
  readonly box: NatBox | undefined
  /** Its host on the open network. */
  readonly outside: string
  readonly received: string[]
}

export class NatStage {
  readonly queue = new EventQueue()
  readonly net: PacketNetwork
  readonly log = new KeptErrors()
  readonly random: SeededRandom
  readonly #clock = new VirtualClock(this.queue)
  #extraPort = 5_000
  #hosts = 0
  #introducer: Inhabitant | undefined

  constructor(seed: number, model: Partial<PathModel> = { delayMs: 20, jitterMs: 1 }) {
    this.random = new SeededRandom(seed)
    this.net = new PacketNetwork(this.queue, new SeededRandom(seed + 1), model)
  }

  /** Another node, which joins through the first; `cutFrom` whoever it shall have no direct path to. */
  async join(kind: Kind, cutFrom?: Inhabitant): Promise<Inhabitant> {
    const inhabitant = await this.arrive(kind, cutFrom)
    await this.run(3_000)
    return inhabitant
  }

  /** The same, in the moment it has started. */
  async arrive(kind: Kind, cutFrom?: Inhabitant): Promise<Inhabitant> {
    const outside = `198.18.${++this.#hosts}.1`
    const box = kind === 'public' ? undefined : this.#box(outside, NATS[kind])
    const address = { host: box ? '192.168.1.2' : outside, port: PORT }
    const socket = SimulatedSocket.open(address, box ?? this.net)
    const reached = new ReachSocket(socket, this.#clock)
    const carried = new CarriedSocket(reached, this.#clock)
    const seeds = { node: this.random.bytes(32), noise: this.random.bytes(32) }
    const identity = new Identity(hostCrypto, NETWORK, seeds)
    const ports = {
      clock: this.#clock,
      random: new SeededRandom(this.random.below(2 ** 32)),
      crypto: hostCrypto,
      log: this.log,
      network: NETWORK,
      identity,
    }
    const endpoint = new Endpoint({ ...ports, socket: carried })
    const openSocket = async (): Promise<SimulatedSocket> =>
      SimulatedSocket.open({ host: address.host, port: ++this.#extraPort }, box ?? this.net)
    const node = new SocketNode(endpoint, {
      ...ports,
      sockets: { reached, carried, openSocket },
      store: new MemoryStore(),
    })
    const received: string[] = []
    node.on({ message: (_from, payload) => received.push(new TextDecoder().decode(payload)) })
    const inhabitant: Inhabitant = { kind, identity, socket, node, endpoint, box, outside, received }
    if (cutFrom) this.cut(inhabitant, cutFrom)
    const { endpoint: first } = (this.#introducer ??= inhabitant)
    if (first !== endpoint)
      node.addPeers([{ noiseKey: first.self.noiseKey, addresses: first.self.addresses }])
    await node.start()
    return inhabitant
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  /** Lets time pass until it holds; the milliseconds it took, undefined where it did not come true. */
  async until(isSo: () => boolean, forMs: number): Promise<number | undefined> {
    const startMs = this.queue.nowMs
    while (this.queue.nowMs < startMs + forMs) {
      if (isSo()) return this.queue.nowMs - startMs
      await this.run(10)
    }
    return undefined
  }

  /** Nothing gets from one to the other directly any more. */
  cut(a: Inhabitant, b: Inhabitant): void {
    this.net.block(a.outside, b.outside)
    this.net.block(b.outside, a.outside)
  }

  mend(a: Inhabitant, b: Inhabitant): void {
    this.net.unblock(a.outside, b.outside)
    this.net.unblock(b.outside, a.outside)
  }

  /** The power is gone. */
  async kill({ socket, node }: Inhabitant): Promise<void> {
    await socket.close()
    await node.stop()
  }

  #box(outsideHost: string, behaviour: NatBehaviour): NatBox {
    const random = new SeededRandom(this.random.below(2 ** 32))
    const { queue, net } = this
    return new NatBox({ queue, random, uplink: net, outsideHost, behaviour, drops: net.drops })
  }
}

/** How the first reaches the second now. */
export function pathBetween(from: Inhabitant, to: Inhabitant): 'none' | 'relayed' | 'direct' {
  const address = from.endpoint.get(to.node.self.id)?.address
  if (!address) return 'none'
  return isCircuit(address) ? 'relayed' : 'direct'
}
