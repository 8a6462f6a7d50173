// Which packets have arrived: the replay window and the source of every ack at once. A packet counts once; one below the
// floor is taken for a replay. The floor rises when there are too many gaps, or when the peer has seen our ack.
//
// A packet of which a part was not kept counts as well: the rest of it was applied. But no ack names it, so that its sender sends
// again, under another number, what has to arrive.

import { type AckRange, MAX_ACK_RANGES } from '../wire/packet-frames.ts'
import { RangeSet } from './range-set.ts'

/** Newest ranges told in one ack; at most MAX_ACK_RANGES are remembered. */
const RANGES_PER_ACK = 32

export class ReceivedPackets {
  readonly #ranges = new RangeSet()
  #unkept: RangeSet | undefined // made when first used: hardly any session has one
  #floor = 0

  get largest(): number {
    return this.#ranges.last ? this.#ranges.last.end - 1 : this.#floor - 1
  }

  get rangeCount(): number {
    return this.#ranges.size + (this.#unkept?.size ?? 0)
  }

  isNew(number: number): boolean {
    return number >= this.#floor && !this.#ranges.has(number) && !this.#unkept?.has(number)
  }

  add(number: number): void {
    this.#ranges.add(number, number + 1)
    if (this.#ranges.size > MAX_ACK_RANGES) this.#dropLowest()
  }

  /** It has come, and counts, but is not to be acknowledged. */
  addUnkept(number: number): void {
    const unkept = (this.#unkept ??= new RangeSet())
    unkept.add(number, number + 1)
    if (unkept.size > MAX_ACK_RANGES) this.#raiseFloor(unkept.first!.end)
  }

  /** The peer has our ack of this packet; by now whatever is missing below it is lost, not late. */
  settle(upTo: number): void {
    while (this.#ranges.size > 1 && this.#ranges.first!.end <= upTo) this.#dropLowest()
  }

  /** Newest first, as an ack lists them; empty before the first packet. */
  ackRanges(): AckRange[] {
    const ranges: AckRange[] = []
    const lowest = Math.max(0, this.#ranges.size - RANGES_PER_ACK)
    for (let i = this.#ranges.size - 1; i >= lowest; i--) {
      const { start, end } = this.#ranges.at(i)!
      ranges.push({ first: start, last: end - 1 })
    }
    return ranges
  }

  #dropLowest(): void {
    const { end } = this.#ranges.first!
    this.#ranges.dropFirst()
    this.#raiseFloor(end)
  }

  #raiseFloor(floor: number): void {
    this.#floor = Math.max(this.#floor, floor)
    this.#unkept?.remove(0, this.#floor)
  }
}
