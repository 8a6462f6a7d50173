// The packets of the last loss episode, for as long as they might still turn out to be late and not lost. An episode is
// what one reduction of the window answers: everything lost that was sent before the first of it was noticed.

import { type AckRange } from '../../wire/packet-frames.ts'
import { type SentPacket, releasePacket } from './sent-packet.ts'

/** Chosen: reordering that overtakes more than so many packets at once is rare, and following them costs with every ack. */
const MAX_FOLLOWED = 64

export class LossEpisode {
  readonly #missing: SentPacket[] = [] // by number, ascending
  #sinceMs = -Infinity
  #isGenuine = true

  /** Takes over a packet that was called lost; packets come in the order of their numbers. */
  add(packet: SentPacket, nowMs: number): void {
    if (packet.sentMs > this.#sinceMs) this.#begin(nowMs)
    if (this.#missing.length < MAX_FOLLOWED) {
      this.#insert(packet)
      return
    }
    this.#isGenuine = true
    releasePacket(packet)
  }

  /** Moves those of the packets that an ack names after all into `late`. Returns whether all of the episode have come. */
  settle(ranges: readonly AckRange[], late: SentPacket[]): boolean {
    const missing = this.#missing
    if (missing.length === 0 || ranges[0]!.last < missing[0]!.number) return false
    const before = missing.length
    let range = ranges.length - 1 // the oldest: ranges descend
    let kept = 0
    for (const packet of missing) {
      while (range >= 0 && ranges[range]!.last < packet.number) range--
      if (range >= 0 && ranges[range]!.first <= packet.number) late.push(packet)
      else missing[kept++] = packet
    }
    missing.length = kept
    return kept === 0 && before > 0 && !this.#isGenuine
  }

  #begin(nowMs: number): void {
    for (const packet of this.#missing) releasePacket(packet)
    this.#missing.length = 0
    this.#sinceMs = nowMs
    this.#isGenuine = false
  }

  #insert(packet: SentPacket): void {
    const missing = this.#missing
    let at = missing.length
    while (at > 0 && missing[at - 1]!.number > packet.number) at--
    if (at === missing.length) missing.push(packet)
    else missing.splice(at, 0, packet)
  }
}
