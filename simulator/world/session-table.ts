// The numbers of all modelled sessions, side by side in two typed arrays: a network of 100,000 nodes has millions of sessions,
// and as fields of objects their times alone would take more memory than all the nodes do. An end of a session is
// known by twice its row, plus one for the end that was called.

import { uncounted } from './uncounted.ts'

/** Of a session: both ends' moments, then what both share. */
const MOMENTS = 6
const LAST_ARRIVAL_MS = 0
const ACK_DUE_MS = 2
const ACTIVE_MS = 4
const DELAY_MS = 5
/** Of a session: of each end the packets and bytes it sent and received. */
const COUNTS = 8
const SENT_PACKETS = 0
const SENT_BYTES = 2
const RECEIVED_PACKETS = 4
const RECEIVED_BYTES = 6
const FIRST_ROWS = 1024

export class SessionTable {
  #moments = uncounted(Float64Array, FIRST_ROWS * MOMENTS)
  #counts = uncounted(Uint32Array, FIRST_ROWS * COUNTS)
  readonly #free: number[] = []
  #rows = 0

  /** Sessions that have a row. */
  get size(): number {
    return this.#rows - this.#free.length
  }

  /** A row for a new session: the number of the calling end, which is even. */
  take(delayMs: number, nowMs: number): number {
    const row = this.#free.pop() ?? this.#rows++
    if (row * MOMENTS >= this.#moments.length) this.#grow()
    this.#counts.fill(0, row * COUNTS, (row + 1) * COUNTS)
    this.#moments.set([0, 0, Infinity, Infinity, nowMs, delayMs], row * MOMENTS)
    return 2 * row
  }

  /** Both ends are over, and nobody asks for their numbers any more. */
  release(end: number): void {
    this.#free.push(end >> 1)
  }

  /** One way, mean. */
  delayMs(end: number): number {
    return this.#moments[(end >> 1) * MOMENTS + DELAY_MS]!
  }

  /** When either end last sent something. */
  activeMs(end: number): number {
    return this.#moments[(end >> 1) * MOMENTS + ACTIVE_MS]!
  }

  setActiveMs(end: number, atMs: number): void {
    this.#moments[(end >> 1) * MOMENTS + ACTIVE_MS] = atMs
  }

  /** Of what this end has sent: nothing arrives before what was sent earlier. */
  lastArrivalMs(end: number): number {
    return this.#moments[(end >> 1) * MOMENTS + LAST_ARRIVAL_MS + (end & 1)]!
  }

  setLastArrivalMs(end: number, atMs: number): void {
    this.#moments[(end >> 1) * MOMENTS + LAST_ARRIVAL_MS + (end & 1)] = atMs
  }

  /** When a separate acknowledgement by this end will have been sent, unless something else carries it first. */
  ackDueMs(end: number): number {
    return this.#moments[(end >> 1) * MOMENTS + ACK_DUE_MS + (end & 1)]!
  }

  setAckDueMs(end: number, atMs: number): void {
    this.#moments[(end >> 1) * MOMENTS + ACK_DUE_MS + (end & 1)] = atMs
  }

  countSent(end: number, packets: number, bytes: number): void {
    const at = (end >> 1) * COUNTS + (end & 1)
    this.#counts[at + SENT_PACKETS]! += packets
    this.#counts[at + SENT_BYTES]! += bytes
  }

  countReceived(end: number, packets: number, bytes: number): void {
    const at = (end >> 1) * COUNTS + (end & 1)
    this.#counts[at + RECEIVED_PACKETS]! += packets
    this.#counts[at + RECEIVED_BYTES]! += bytes
  }

  sentPackets(end: number): number {
    return this.#counts[(end >> 1) * COUNTS + SENT_PACKETS + (end & 1)]!
  }

  sentBytes(end: number): number {
    return this.#counts[(end >> 1) * COUNTS + SENT_BYTES + (end & 1)]!
  }

  receivedPackets(end: number): number {
    return this.#counts[(end >> 1) * COUNTS + RECEIVED_PACKETS + (end & 1)]!
  }

  receivedBytes(end: number): number {
    return this.#counts[(end >> 1) * COUNTS + RECEIVED_BYTES + (end & 1)]!
  }

  /** By half as much again: doubling would leave up to half of the largest array unused. */
  #grow(): void {
    const rows = Math.ceil(1.5 * (this.#moments.length / MOMENTS))
    const [moments, counts] = [this.#moments, this.#counts]
    this.#moments = uncounted(Float64Array, rows * MOMENTS)
    this.#counts = uncounted(Uint32Array, rows * COUNTS)
    this.#moments.set(moments)
    this.#counts.set(counts)
  }
}
