// A box that translates addresses (RFC 4787's NAPT for UDP): an uplink to those inside, one host to those outside. Boxes
// nest: the outside of one may be plugged into the inside of another, as homes are behind a carrier's (CGN).

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { type NatBehaviour } from './nat-behaviour.ts'
import { NatBindings } from './nat-bindings.ts'
import { type Receiver, Receivers, type Uplink } from './receivers.ts'

export interface NatBoxParts {
  queue: EventQueue
  random: SeededRandom
  uplink: Uplink
  /** The one address it has outside. */
  outsideHost: string
  behaviour: NatBehaviour
  drops: DropCounts
}

/** Through a switch and, as often, over a good Wi-Fi. */
const LAN_DELAY_MS = 1

export class NatBox implements Uplink, Receiver {
  readonly behaviour: NatBehaviour
  readonly outsideHost: string
  readonly #parts: NatBoxParts
  readonly #bindings: NatBindings
  readonly #inside = new Receivers()

  constructor(parts: NatBoxParts) {
    this.#parts = parts
    this.behaviour = parts.behaviour
    this.outsideHost = parts.outsideHost
    this.#bindings = new NatBindings(parts.behaviour, parts.random)
    parts.uplink.attachHost(parts.outsideHost, this)
  }

  /** Bindings alive now. */
  get bindings(): number {
    return this.#bindings.live(this.#nowMs)
  }

  get mostBindings(): number {
    return this.#bindings.most
  }

  attach(address: Address, receiver: Receiver): void {
    this.#inside.attach(address, receiver)
  }

  attachHost(host: string, receiver: Receiver): void {
    this.#inside.attachHost(host, receiver)
  }

  close(address: Address): void {
    this.#inside.close(address)
  }

  /** Switched off and on: every binding is lost, and nobody is told. */
  restart(): void {
    this.#bindings.clear()
  }

  /** From inside. What is addressed to another insider never meets the translation. */
  send(datagram: Bytes, from: Address, to: Address): void {
    const neighbour = this.#inside.at(to)
    if (neighbour) return this.#overLan(() => neighbour.arrive(datagram.slice(), from, to))
    const isHairpin = to.host === this.outsideHost
    if (isHairpin && !this.behaviour.isHairpinning) return this.#parts.drops.count('no hairpin')
    const binding = this.#bindings.outbound(from, to, this.#nowMs)
    if (!binding) return this.#parts.drops.count('no binding left')
    const outside = { host: this.outsideHost, port: binding.outsidePort }
    // REQ-9a: the other insider sees the outside address, and its own filter decides as for a stranger's.
    if (isHairpin) this.#overLan(() => this.arrive(datagram.slice(), outside, to))
    else this.#parts.uplink.send(datagram, outside, to)
  }

  /** From outside. */
  arrive(datagram: Bytes, from: Address, to: Address): void {
    const { drops } = this.#parts
    const found = this.#bindings.inbound(to.port, from, this.#nowMs)
    if (!found) return drops.count('no binding')
    if (!found.isPermitted) return drops.count('filtered')
    const { inside } = found.binding
    const receiver = this.#inside.at(inside)
    if (receiver) receiver.arrive(datagram, from, inside)
    else drops.count('nobody there')
  }

  get #nowMs(): number {
    return this.#parts.queue.nowMs
  }

  #overLan(arrive: () => void): void {
    const { queue } = this.#parts
    queue.at(queue.nowMs + LAN_DELAY_MS, arrive)
  }
}
