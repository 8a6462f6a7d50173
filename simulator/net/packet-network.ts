// A network that carries datagrams in virtual time. Sockets stand at addresses; between two hosts lies a path per
// direction. Between a socket and the network stands its uplink: the open Internet here, a NAT box elsewhere.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Address, formatAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { GOOD_PATH, Path, type PathModel } from './path-model.ts'
import { SimulatedSocket } from './simulated-socket.ts'

/** Whatever receives at an address of the network: a socket, or a box with more addresses behind it. */
export interface Receiver {
  arrive(datagram: Bytes, from: Address, to: Address): void
}

/** The way from a socket into the network. */
export interface Uplink {
  send(datagram: Bytes, from: Address, to: Address): void
  close(address: Address): void
}

/** Sees every datagram at the moment it is sent; for counting, and for those who listen in on the wire. */
export type Tap = (datagram: Bytes, from: Address, to: Address) => void

export class PacketNetwork implements Uplink {
  readonly #queue: EventQueue
  readonly #random: SeededRandom
  readonly #receivers = new Map<string, Receiver>()
  readonly #paths = new Map<string, Path>()
  readonly #models = new Map<string, PathModel>()
  readonly #taps: Tap[] = []
  #defaultModel: PathModel
  #nextPort = 20_000

  constructor(queue: EventQueue, random: SeededRandom, model: Partial<PathModel> = {}) {
    this.#queue = queue
    this.#random = random
    this.#defaultModel = { ...GOOD_PATH, ...model }
  }

  /** A socket on the open Internet. */
  open(host: string, port = this.#nextPort++): SimulatedSocket {
    const socket = new SimulatedSocket({ host, port }, this)
    this.attach({ host, port }, socket)
    return socket
  }

  attach(address: Address, receiver: Receiver): void {
    const key = formatAddress(address)
    if (this.#receivers.has(key)) throw new Error(`${key} is taken`)
    this.#receivers.set(key, receiver)
  }

  close(address: Address): void {
    this.#receivers.delete(formatAddress(address))
  }

  tap(tap: Tap): void {
    this.#taps.push(tap)
  }

  /** Changes all paths, or those between two hosts. */
  setModel(model: Partial<PathModel>, between?: [string, string]): void {
    if (!between) {
      this.#defaultModel = { ...this.#defaultModel, ...model }
      this.#models.clear()
      this.#paths.clear()
      return
    }
    const [a, b] = between
    for (const key of [`${a} ${b}`, `${b} ${a}`]) {
      this.#models.set(key, { ...(this.#models.get(key) ?? this.#defaultModel), ...model })
      this.#paths.delete(key)
    }
  }

  /** Nothing is kept by reference to the sender's buffer beyond what the port allows: the bytes are the network's now. */
  send(datagram: Bytes, from: Address, to: Address): void {
    for (const tap of this.#taps) tap(datagram, from, to)
    for (const atMs of this.#path(from.host, to.host).arrivals(this.#queue.nowMs))
      this.#queue.at(atMs, () => this.#receivers.get(formatAddress(to))?.arrive(datagram.slice(), from, to))
  }

  #path(from: string, to: string): Path {
    const key = `${from} ${to}`
    const known = this.#paths.get(key)
    if (known) return known
    const path = new Path(this.#models.get(key) ?? this.#defaultModel, this.#random)
    this.#paths.set(key, path)
    return path
  }
}
