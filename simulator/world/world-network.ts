// Modelled sessions for large networks: whole messages that take a delay with jitter, arrive in order, and are counted as
// the packets they would have been. A lost packet costs the delay of its retransmission; a host that is gone, or
// behind a cut, is noticed by whoever sends something to it, or by the idle keep-alive, after the transport's silence.
// An idle session costs no events: its keep-alives are counted when somebody next looks.

import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { type EventQueue } from '../kernel/event-queue.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { SessionTable } from './session-table.ts'
import { type SharedProcessors } from './shared-processors.ts'
import { type Terrain } from './terrain.ts'
import { TrafficLog } from './traffic-log.ts'
import { type WorldLinks } from './world-links.ts'

export const PORT = 4000

/** Sees every message when it is sent; for checkers. */
export type MessageTap = (from: number, to: number, message: Uint8Array) => void

export class WorldNetwork {
  readonly queue: EventQueue
  readonly random: SeededRandom
  readonly terrain: Terrain
  readonly traffic = new TrafficLog()
  readonly sessions = new SessionTable()
  /** One way, relative standard deviation of each message's delay. */
  readonly jitter: number
  /** Undefined where computing takes no time. */
  readonly processors: SharedProcessors | undefined
  readonly #hosts: (WorldLinks | undefined)[] = []
  readonly #taps: MessageTap[] = []
  #isCut: ((a: number, b: number) => boolean) | undefined
  dials = 0
  failedDials = 0

  constructor(parts: {
    queue: EventQueue
    random: SeededRandom
    terrain: Terrain
    jitter: number
    processors?: SharedProcessors | undefined
  }) {
    this.queue = parts.queue
    this.random = parts.random
    this.terrain = parts.terrain
    this.jitter = parts.jitter
    this.processors = parts.processors
  }

  attach(links: WorldLinks): void {
    this.#hosts[links.host] = links
  }

  detach(host: number): void {
    this.#hosts[host] = undefined
  }

  find(addresses: readonly Address[]): WorldLinks | undefined {
    for (const address of addresses) {
      const host = hostAt(address)
      const links = host === undefined ? undefined : this.#hosts[host]
      if (links) return links
    }
    return undefined
  }

  canLink(a: number, b: number): boolean {
    return this.terrain.canLink(a, b) && !this.isCut(a, b)
  }

  isCut(a: number, b: number): boolean {
    return this.#isCut?.(a, b) ?? false
  }

  /** Cuts the network from now on; sessions across find out as they find out about a host that died. */
  cut(isCut: (a: number, b: number) => boolean): void {
    this.#isCut = isCut
    for (const links of this.#hosts) links?.expectSilenceWhere((peer) => isCut(links.host, peer))
  }

  heal(): void {
    this.#isCut = undefined
  }

  tap(tap: MessageTap): void {
    this.#taps.push(tap)
  }

  note(from: number, to: number, message: Uint8Array): void {
    this.traffic.trace(this.queue.nowMs, from, to, message)
    for (const tap of this.#taps) tap(from, to, message)
  }

  count(host: number, type: number, packets: number, bytes: number): void {
    this.traffic.add(this.queue.nowMs, host, type, packets, bytes)
  }

  /** One message's way: the mean, more or less. */
  transitMs(meanMs: number): number {
    return this.jitter > 0
      ? Math.max(0.2 * meanMs, this.random.gaussian(meanMs, this.jitter * meanMs))
      : meanMs
  }

  /** Brings the counters of idle sessions up to now. */
  settleCounters(): void {
    for (const links of this.#hosts) links?.settleCounters()
  }
}

export function addressOf(host: number): Address {
  return { host: `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`, port: PORT }
}

function hostAt({ host }: Address): number | undefined {
  const parts = host.split('.')
  if (parts.length !== 4 || parts[0] !== '10') return undefined
  return (Number(parts[1]) << 16) | (Number(parts[2]) << 8) | Number(parts[3])
}
