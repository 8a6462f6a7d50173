// Sessions without their packets: whole messages that take a delay, arrive in order, and are counted as the packets they
// would have been. What it models of the real transport: a dial takes one and a half round trips or fails after its
// timeouts; a crash is noticed only by whoever sends something (or by the idle keep-alive), some seconds later; an idle
// session costs a ping and its ack each 25 s.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { formatAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { type Random } from '../../main/overlay/ports/random.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { type ModelledLinks } from './modelled-links.ts'

export interface ModelledNetworkOptions {
  queue: EventQueue
  random: Random
  /** One way, fixed for each pair: drawn from here to here. */
  delayMs?: [number, number]
  /** Whether two nodes can have a link; symmetric. */
  canLink?: (a: NodeId, b: NodeId) => boolean
}

export const DIAL_TIMEOUT_MS = 3000
/** From the first packet that is not acknowledged to the end of the probe timeouts. */
export const SILENCE_MS = 3000
export const KEEP_ALIVE_MS = 25_000
const PACKET_BYTES = 1200

export class ModelledNetwork {
  readonly queue: EventQueue
  readonly #options: ModelledNetworkOptions
  readonly #hosts = new Map<string, ModelledLinks>()
  readonly #delays = new Map<string, number>()
  readonly #counts = new Map<number, { messages: number; bytes: number }>()
  /** How often each pair of nodes called one another, in either direction. */
  readonly calls = new Map<string, number>()
  #trace = 0x811c9dc5

  constructor(options: ModelledNetworkOptions) {
    this.queue = options.queue
    this.#options = options
  }

  attach(links: ModelledLinks): void {
    for (const address of links.self.addresses) this.#hosts.set(formatAddress(address), links)
  }

  detach(links: ModelledLinks): void {
    for (const [address, host] of this.#hosts) if (host === links) this.#hosts.delete(address)
  }

  find(addresses: PeerRecord['addresses']): ModelledLinks | undefined {
    for (const address of addresses) {
      const host = this.#hosts.get(formatAddress(address))
      if (host) return host
    }
    return undefined
  }

  canLink(a: NodeId, b: NodeId): boolean {
    return this.#options.canLink?.(a, b) ?? true
  }

  noteCall(from: NodeId, to: NodeId): void {
    const pair = from < to ? from + to : to + from
    this.calls.set(pair, (this.calls.get(pair) ?? 0) + 1)
  }

  /** The one-way delay between two nodes. */
  delayMs(a: NodeId, b: NodeId): number {
    const pair = a < b ? a + b : b + a
    const known = this.#delays.get(pair)
    if (known !== undefined) return known
    const [least, most] = this.#options.delayMs ?? [10, 60]
    const drawn = least + (most - least) * this.#options.random.unit()
    this.#delays.set(pair, drawn)
    return drawn
  }

  /** Every message sent passes here: for counters by type, and for the trace that two runs of one seed share. */
  note(from: NodeId, to: NodeId, message: Uint8Array): void {
    const count = this.#counts.get(message[0] ?? 0) ?? { messages: 0, bytes: 0 }
    this.#counts.set(message[0] ?? 0, { messages: count.messages + 1, bytes: count.bytes + message.length })
    this.#mix(Math.round(this.queue.nowMs * 1000))
    for (const text of [from, to]) this.#mix(parseInt(text.slice(0, 8), 16))
    for (let i = 0; i < message.length; i++) this.#mix(message[i]!)
  }

  /** FNV-1a over time, ends and bytes of all messages so far. */
  get trace(): string {
    return this.#trace.toString(16)
  }

  /** Messages and bytes by message type. */
  get counts(): ReadonlyMap<number, { messages: number; bytes: number }> {
    return this.#counts
  }

  #mix(word: number): void {
    this.#trace = Math.imul(this.#trace ^ (word >>> 0), 0x01000193) >>> 0
  }
}

export function packetsOf(message: Uint8Array): number {
  return Math.max(1, Math.ceil(message.length / PACKET_BYTES))
}
