// The line between a home (or a single computer) and its provider: the narrowest place of nearly every path. Each
// direction has a rate and a drop-tail buffer, so a bulk transfer delays everything that goes the same way, and the
// line may carry smaller packets than the Internet does.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { DropTailQueue } from './drop-tail-queue.ts'
import { IP_UDP_HEADER_BYTES } from './path-model.ts'
import { type Receiver, Receivers, type Uplink } from './receivers.ts'

export interface LineModel {
  upBitsPerSecond: number
  downBitsPerSecond: number
  /** Before each direction. */
  bufferBytes: number
  mtuBytes: number
}

export interface AccessLineParts {
  queue: EventQueue
  uplink: Uplink
  /** The address at the line's end: a computer's, or the outside of a NAT box. */
  host: string
  model: LineModel
  drops: DropCounts
}

export class AccessLine implements Uplink, Receiver {
  readonly #parts: AccessLineParts
  readonly #behind = new Receivers()
  readonly #up: DropTailQueue
  readonly #down: DropTailQueue

  constructor(parts: AccessLineParts) {
    const { upBitsPerSecond, downBitsPerSecond, bufferBytes } = parts.model
    this.#parts = parts
    this.#up = new DropTailQueue(upBitsPerSecond, bufferBytes)
    this.#down = new DropTailQueue(downBitsPerSecond, bufferBytes)
    parts.uplink.attachHost(parts.host, this)
  }

  attach(address: Address, receiver: Receiver): void {
    this.#behind.attach(address, receiver)
  }

  attachHost(host: string, receiver: Receiver): void {
    this.#behind.attachHost(host, receiver)
  }

  close(address: Address): void {
    this.#behind.close(address)
  }

  send(datagram: Bytes, from: Address, to: Address): void {
    this.#pass(this.#up, 'uplink full', datagram, () => this.#parts.uplink.send(datagram, from, to))
  }

  arrive(datagram: Bytes, from: Address, to: Address): void {
    this.#pass(this.#down, 'downlink full', datagram, () => this.#hand(datagram, from, to))
  }

  #pass(direction: DropTailQueue, dropCause: string, datagram: Bytes, onward: () => void): void {
    const { queue, drops, model } = this.#parts
    const packetBytes = datagram.length + IP_UDP_HEADER_BYTES
    if (packetBytes > model.mtuBytes) return drops.count('over the MTU')
    const atMs = direction.departure(packetBytes, queue.nowMs)
    if (atMs === undefined) return drops.count(dropCause)
    queue.at(atMs, onward)
  }

  #hand(datagram: Bytes, from: Address, to: Address): void {
    const receiver = this.#behind.at(to)
    if (receiver) receiver.arrive(datagram, from, to)
    else this.#parts.drops.count('nobody there')
  }
}
