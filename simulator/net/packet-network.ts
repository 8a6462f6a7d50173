// A network that carries datagrams in virtual time: the open Internet. Sockets, access lines and NAT boxes stand at its
// addresses; between two hosts lies a path per direction. Between a socket and the Internet stands its uplink: the
// Internet itself, or a chain of lines and boxes, each of which is an uplink to what is behind it.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { GOOD_PATH, Path, type PathModel } from './path-model.ts'
import { type Receiver, Receivers, type Uplink } from './receivers.ts'
import { SimulatedSocket } from './simulated-socket.ts'

/** Sees every datagram at the moment it is sent; for counting, and for those who listen in on the wire. */
export type Tap = (datagram: Bytes, from: Address, to: Address) => void

/** What is special about the path from one host to another. */
export type PathSurvey = (from: string, to: string) => Partial<PathModel>

export class PacketNetwork implements Uplink {
  /** What was thrown away on the way, by cause; lines and boxes count here, too. */
  readonly drops = new DropCounts()
  readonly #queue: EventQueue
  readonly #random: SeededRandom
  readonly #receivers = new Receivers()
  readonly #paths = new Map<string, Path>()
  readonly #models = new Map<string, PathModel>()
  readonly #blocked = new Set<string>()
  readonly #taps: Tap[] = []
  readonly #survey: PathSurvey
  #defaultModel: PathModel
  #nextPort = 20_000

  constructor(
    queue: EventQueue,
    random: SeededRandom,
    model: Partial<PathModel> = {},
    survey: PathSurvey = () => ({}),
  ) {
    this.#queue = queue
    this.#random = random
    this.#defaultModel = { ...GOOD_PATH, ...model }
    this.#survey = survey
  }

  /** A socket on the open Internet. */
  open(host: string, port = this.#nextPort++): SimulatedSocket {
    return SimulatedSocket.open({ host, port }, this)
  }

  attach(address: Address, receiver: Receiver): void {
    this.#receivers.attach(address, receiver)
  }

  attachHost(host: string, receiver: Receiver): void {
    this.#receivers.attachHost(host, receiver)
  }

  close(address: Address): void {
    this.#receivers.close(address)
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
    this.setOneWay(model, a, b)
    this.setOneWay(model, b, a)
  }

  /** Changes the path from one host to the other; the way back stays as it is. */
  setOneWay(model: Partial<PathModel>, from: string, to: string): void {
    const key = `${from} ${to}`
    this.#models.set(key, { ...(this.#models.get(key) ?? this.#defaultModel), ...model })
    this.#paths.delete(key)
  }

  /** From now on nothing gets from one host to the other; the way back stays as it is. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from} ${to}`)
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from} ${to}`)
  }

  /** Nothing is kept by reference to the sender's buffer beyond what the port allows: the bytes are the network's now. */
  send(datagram: Bytes, from: Address, to: Address): void {
    for (const tap of this.#taps) tap(datagram, from, to)
    const key = `${from.host} ${to.host}`
    if (this.#blocked.has(key)) return this.drops.count('blocked')
    const path = this.#path(key, from.host, to.host)
    if (!path.carries(datagram.length)) return this.drops.count('over the MTU')
    const arrivals = path.arrivals(this.#queue.nowMs)
    if (arrivals.length === 0) return this.drops.count('lost')
    for (const atMs of arrivals) this.#queue.at(atMs, () => this.#arrive(datagram, from, to))
  }

  #arrive(datagram: Bytes, from: Address, to: Address): void {
    const receiver = this.#receivers.at(to)
    if (receiver) receiver.arrive(datagram.slice(), from, to)
    else this.drops.count('nobody there')
  }

  #path(key: string, from: string, to: string): Path {
    const known = this.#paths.get(key)
    if (known) return known
    const model = this.#models.get(key) ?? { ...this.#defaultModel, ...this.#survey(from, to) }
    const path = new Path(model, this.#random)
    this.#paths.set(key, path)
    return path
  }
}
