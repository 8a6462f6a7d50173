// Carries the messages of a baseline between hosts, at the prices of the overlay's modelled sessions: the same delays
// with the same jitter, the same losses, the same bytes around a message. A session repairs losses and costs an
// acknowledgement; a datagram is lost for good; a radio's broadcast is one packet that each neighbour hears or does not.

import { type EventQueue } from '../kernel/event-queue.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { ACK_BYTES, packetsOf, probeTimeoutMs, SILENCE_MS, wireBytesOf } from '../world/session-costs.ts'
import { type Terrain } from '../world/terrain.ts'
import { UPKEEP } from '../world/traffic-log.ts'
import { WorldNetwork } from '../world/world-network.ts'

/** As the modelled sessions have it: a resend waits no longer than this. */
const LONGEST_PROBE_TIMEOUT_MS = 400

export interface CarrierParts {
  queue: EventQueue
  random: SeededRandom
  terrain: Terrain
  jitter: number
  nodes: number
  /** One packet reaches all neighbours. */
  isRadio: boolean
}

export class Carrier {
  readonly network: WorldNetwork
  readonly nodes: number
  readonly isRadio: boolean
  readonly #dead = new Set<number>()

  constructor(parts: CarrierParts) {
    this.network = new WorldNetwork(parts)
    this.nodes = parts.nodes
    this.isRadio = parts.isRadio
  }

  get terrain(): Terrain {
    return this.network.terrain
  }

  get random(): SeededRandom {
    return this.network.random
  }

  get nowMs(): number {
    return this.network.queue.nowMs
  }

  kill(hosts: Iterable<number>): void {
    for (const host of hosts) this.#dead.add(host)
  }

  isUp(host: number): boolean {
    return !this.#dead.has(host)
  }

  after(delayMs: number, action: () => void): void {
    this.network.queue.at(this.nowMs + delayMs, action)
  }

  run(ms: number): Promise<void> {
    return this.network.queue.runUntil(this.nowMs + ms)
  }

  /** Over a session that is up: it arrives, later where packets were lost, unless the other host is gone. */
  overSession(from: number, to: number, type: number, messageBytes: number, arrive: () => void): void {
    if (!this.isUp(from)) return
    const packets = packetsOf(messageBytes)
    this.network.count(from, type, packets, wireBytesOf(messageBytes, packets))
    const delayMs =
      this.#transitMs(from, to) +
      this.#resendDelayMs(from, to, packets, wireBytesOf(messageBytes, packets) / packets)
    this.after(delayMs, () => {
      if (!this.isUp(to)) return
      this.network.count(to, UPKEEP.ack, 1, ACK_BYTES)
      arrive()
    })
  }

  /** One packet, or as many as it takes, of which none may be lost. `extraMs`: what had to happen before it could leave. */
  datagram(
    from: number,
    to: number,
    type: number,
    messageBytes: number,
    arrive: () => void,
    extraMs = 0,
  ): void {
    if (!this.isUp(from)) return
    const packets = packetsOf(messageBytes)
    this.network.count(from, type, packets, wireBytesOf(messageBytes, packets))
    for (let packet = 0; packet < packets; packet++) if (this.isLost(from, to)) return
    this.after(extraMs + this.#transitMs(from, to), () => {
      if (this.isUp(to)) arrive()
    })
  }

  /** To all neighbours: a radio's one packet without acknowledgements, a message on each session otherwise. */
  toAll(
    from: number,
    neighbours: readonly number[],
    type: number,
    bytes: number,
    arrive: (to: number) => void,
  ): void {
    if (!this.isRadio) {
      for (const to of neighbours) this.overSession(from, to, type, bytes, () => arrive(to))
      return
    }
    if (!this.isUp(from)) return
    this.network.count(from, type, 1, wireBytesOf(bytes, 1))
    for (const to of neighbours) if (!this.isLost(from, to)) this.later(from, to, () => arrive(to))
  }

  /** The way of a packet that is counted elsewhere. */
  later(from: number, to: number, arrive: () => void): void {
    this.after(this.#transitMs(from, to), () => {
      if (this.isUp(to)) arrive()
    })
  }

  isLost(from: number, to: number): boolean {
    return this.random.unit() < this.terrain.lossRate(from, to)
  }

  #transitMs(from: number, to: number): number {
    return this.network.transitMs(this.terrain.delayMs(from, to))
  }

  /** A probe timeout, doubling, for each loss in a row of any packet. */
  #resendDelayMs(from: number, to: number, packets: number, packetBytes: number): number {
    const rttMs = 2 * this.terrain.delayMs(from, to)
    let delayMs = 0
    for (let packet = 0; packet < packets; packet++) {
      let waitedMs = 0
      let timeoutMs = probeTimeoutMs(rttMs)
      while (this.isLost(from, to) && waitedMs < SILENCE_MS) {
        this.network.count(from, UPKEEP.retransmission, 1, packetBytes)
        waitedMs += timeoutMs
        timeoutMs = Math.min(2 * timeoutMs, LONGEST_PROBE_TIMEOUT_MS)
      }
      delayMs = Math.max(delayMs, waitedMs)
    }
    return delayMs
  }
}
