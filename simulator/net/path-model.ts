// What a path through the Internet does to datagrams.

import { type SeededRandom } from '../kernel/seeded-random.ts'

/** IPv4 without options (RFC 791) and UDP (RFC 768): what a line carries besides a datagram's own bytes. */
export const IP_UDP_HEADER_BYTES = 28

export interface PathModel {
  /** One way, mean and standard deviation of a normal distribution, cut off below `minDelayMs`. */
  delayMs: number
  jitterMs: number
  minDelayMs: number
  /** Shares of datagrams, 0 to 1. */
  lossRate: number
  duplicateRate: number
  /** Those reordered are late by up to one more delay and overtaken; all others keep their order, as they mostly do. */
  reorderRate: number
  /** The largest IP packet that gets through. A larger one is dropped and nobody is told: most firewalls eat the ICMP. */
  mtuBytes: number
}

export const GOOD_PATH: PathModel = {
  delayMs: 40,
  jitterMs: 2,
  minDelayMs: 0.1,
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  mtuBytes: 1500,
}

/** One direction between two hosts. */
export class Path {
  readonly #model: PathModel
  readonly #random: SeededRandom
  #lastArrivalMs = 0

  constructor(model: PathModel, random: SeededRandom) {
    this.#model = model
    this.#random = random
  }

  /** Whether a datagram of so many bytes fits through at all. */
  carries(datagramBytes: number): boolean {
    return datagramBytes + IP_UDP_HEADER_BYTES <= this.#model.mtuBytes
  }

  /** When copies of a datagram sent now will arrive: none, one or two moments. */
  arrivals(nowMs: number): number[] {
    const { lossRate, duplicateRate } = this.#model
    if (this.#chance(lossRate)) return []
    return this.#chance(duplicateRate) ? [this.#arrival(nowMs), this.#arrival(nowMs)] : [this.#arrival(nowMs)]
  }

  #arrival(nowMs: number): number {
    const { delayMs, jitterMs, minDelayMs, reorderRate } = this.#model
    const drawnMs = jitterMs > 0 ? this.#random.gaussian(delayMs, jitterMs) : delayMs
    const atMs = nowMs + Math.max(minDelayMs, drawnMs)
    if (this.#chance(reorderRate)) return atMs + this.#random.unit() * delayMs
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, atMs)
    return this.#lastArrivalMs
  }

  #chance(rate: number): boolean {
    return rate > 0 && this.#random.unit() < rate
  }
}
