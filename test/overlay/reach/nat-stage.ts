// Whole nodes behind NAT boxes of chosen kinds, in virtual time: for the stories of who reaches whom, and how.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { OverlayNode } from '../../../main/overlay/node.ts'
import { type Address, type DatagramSocket, isCircuit } from '../../../main/overlay/ports/datagram-socket.ts'
import { type Knocks } from '../../../main/overlay/ports/knocks.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import {
  type Candidates,
  MAX_FORECAST_PORTS,
  type PortForecast,
} from '../../../main/overlay/wire/candidates.ts'
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

const NETWORK = networkOf(hostCrypto, 'nats', 0)
const PORT = 4_000
const KNOCK = 9

const PORT_RESTRICTED: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  portAssignment: 'preserving',
  isHairpinning: false,
  bindingTimeoutMs: 120_000,
  isRefreshedInbound: true,
  maxBindings: 1_024,
}

export const NATS = {
  'full cone': { ...PORT_RESTRICTED, filtering: 'endpoint-independent' },
  'address-restricted': { ...PORT_RESTRICTED, filtering: 'address-dependent' },
  'port-restricted': PORT_RESTRICTED,
  'symmetric, sequential': {
    ...PORT_RESTRICTED,
    mapping: 'address-and-port-dependent',
    portAssignment: 'sequential',
  },
  'symmetric, random': {
    ...PORT_RESTRICTED,
    mapping: 'address-and-port-dependent',
    portAssignment: 'random',
  },
} as const satisfies Record<string, NatBehaviour>

export type Kind = 'public' | keyof typeof NATS

/** Takes knocks out of what arrives. */
class KnockingSocket implements DatagramSocket, Knocks {
  readonly #inner: DatagramSocket
  readonly #listeners: ((nonce: string, from: Address) => void)[] = []

  constructor(inner: DatagramSocket) {
    this.#inner = inner
  }

  get local(): Address {
    return this.#inner.local
  }

  localAddresses(): Address[] {
    return this.#inner.localAddresses()
  }

  largestDatagram(to: Address): number {
    return this.#inner.largestDatagram(to)
  }

  send(datagram: Uint8Array, to: Address): void {
    this.#inner.send(datagram, to)
  }

  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void {
    this.#inner.onDatagram((datagram, from) => {
      if (datagram[0] !== KNOCK) return receiver(datagram, from)
      const nonce = Buffer.from(datagram.subarray(1)).toString('hex')
      for (const listener of this.#listeners) listener(nonce, from)
    })
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  knock(nonce: string, to: Address): void {
    this.send(new Uint8Array([KNOCK, ...Buffer.from(nonce, 'hex')]), to)
  }

  onKnock(listener: (nonce: string, from: Address) => void): void {
    this.#listeners.push(listener)
  }
}

export interface Inhabitant {
  readonly kind: Kind
  readonly socket: SimulatedSocket
  readonly node: OverlayNode
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
  /** By host: the last port that something came from. */
  readonly #lastPorts = new Map<string, number>()
  #hosts = 0
  #introducer: Inhabitant | undefined

  constructor(seed: number, model: Partial<PathModel> = { delayMs: 20, jitterMs: 1 }) {
    this.random = new SeededRandom(seed)
    this.net = new PacketNetwork(this.queue, new SeededRandom(seed + 1), model)
    this.net.tap((_, { host, port }) => {
      this.#lastPorts.set(host, Math.max(port, this.#lastPorts.get(host) ?? 0))
    })
  }

  /** Another node, which joins through the first; `cutFrom` whoever it shall have no direct path to. */
  async join(kind: Kind, cutFrom?: Inhabitant): Promise<Inhabitant> {
    const outside = `198.18.${++this.#hosts}.1`
    const box = kind === 'public' ? undefined : this.#box(outside, NATS[kind])
    const address = { host: box ? '192.168.1.2' : outside, port: PORT }
    const socket = SimulatedSocket.open(address, box ?? this.net)
    const knocking = new KnockingSocket(socket)
    const carried = new CarriedSocket(knocking, this.#clock)
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
    const candidates = async (): Promise<Candidates> => {
      const seen = box && this.#introducer?.endpoint.get(identity.id)?.address
      return {
        addresses: [...endpoint.self.addresses, ...(seen ? [seen] : [])],
        forecast: kind === 'symmetric, sequential' ? this.#forecast(outside) : undefined,
      }
    }
    const node = new OverlayNode({
      ...ports,
      links: endpoint,
      carried,
      connecting: { knocks: knocking, candidates },
      isReachable: () => kind === 'public',
      store: new MemoryStore(),
    })
    const received: string[] = []
    node.on({ message: (_from, payload) => received.push(new TextDecoder().decode(payload)) })
    const inhabitant: Inhabitant = { kind, socket, node, endpoint, box, outside, received }
    if (cutFrom) this.cut(inhabitant, cutFrom)
    const { endpoint: first } = (this.#introducer ??= inhabitant)
    if (first !== endpoint)
      node.addPeers([{ noiseKey: first.self.noiseKey, addresses: first.self.addresses }])
    endpoint.start()
    await node.start()
    await this.run(3_000)
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
  async kill({ socket, node, endpoint }: Inhabitant): Promise<void> {
    await socket.close()
    await node.stop()
    await endpoint.stop()
  }

  /** What an observer would tell. */
  #forecast(host: string): PortForecast {
    return { host, firstPort: this.#lastPorts.get(host)! + 1, step: 1, count: MAX_FORECAST_PORTS }
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
