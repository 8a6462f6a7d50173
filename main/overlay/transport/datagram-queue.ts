// Datagrams (RFC 9221 in spirit): each arrives once or not at all. They wait for the congestion window like everything else, but
// not for long: whoever sends one says after how many milliseconds it is of no use any more, and it is then dropped before it is
// sent. Loss detection sees their packets; nothing sends them again.

import { BanyanError } from '../base/errors.ts'
import { type Bytes } from '../base/bytes.ts'
import { type PacketWriter, varintBytes } from '../wire/packet-codec.ts'
import { writeFrame } from '../wire/packet-frames.ts'
import { MAX_FRAMES_BYTES } from '../wire/packet.ts'
import { type SentFrame } from './congestion/sent-packet.ts'

/** What fits a packet on every path, so that a path that changes loses no datagram: 1,168. */
export const MAX_DATAGRAM_DATA_BYTES = MAX_FRAMES_BYTES - 3
/** Chosen: two of the first windows. What waits behind more is old when it leaves, so the oldest go. */
export const MAX_QUEUED_DATAGRAMS = 64

export interface DatagramCounts {
  sent: number
  /** Of those sent; what is neither acknowledged nor under way was lost. */
  acked: number
  received: number
  /** Dropped unsent: older than their sender allowed. */
  droppedByAge: number
  /** Dropped unsent: too many waited. */
  droppedByOverflow: number
}

/** Of a session that never carried any. */
export const NO_DATAGRAMS: Readonly<DatagramCounts> = {
  sent: 0,
  acked: 0,
  received: 0,
  droppedByAge: 0,
  droppedByOverflow: 0,
}

interface Waiting {
  bytes: Bytes
  untilMs: number
}

export class DatagramQueue {
  readonly counts: DatagramCounts = { ...NO_DATAGRAMS }
  readonly #waiting: Waiting[] = []
  readonly #sent: SentFrame = { acked: () => void this.counts.acked++, lost: () => {} }

  /** Takes a copy. Errors: too-large. */
  add(bytes: Uint8Array, maxAgeMs: number, nowMs: number): void {
    if (bytes.length > MAX_DATAGRAM_DATA_BYTES)
      throw new BanyanError('too-large', `a datagram of ${bytes.length} bytes`)
    this.#waiting.push({ bytes: Uint8Array.from(bytes), untilMs: nowMs + maxAgeMs })
    if (this.#waiting.length <= MAX_QUEUED_DATAGRAMS) return
    this.#waiting.shift()
    this.counts.droppedByOverflow++
  }

  /** One waits that is still of use; those that are not are dropped. */
  isReady(nowMs: number): boolean {
    while (this.#waiting.length > 0 && this.#waiting[0]!.untilMs < nowMs) {
      this.#waiting.shift()
      this.counts.droppedByAge++
    }
    return this.#waiting.length > 0
  }

  /** As many as fit. Returns whether there was one. */
  write(out: PacketWriter, frames: SentFrame[], nowMs: number): boolean {
    let written = 0
    while (this.isReady(nowMs)) {
      const { bytes } = this.#waiting[0]!
      if (1 + varintBytes(bytes.length) + bytes.length > out.room) break
      writeFrame(out, { type: 'datagram', data: bytes })
      frames.push(this.#sent)
      this.#waiting.shift()
      this.counts.sent++
      written++
    }
    return written > 0
  }
}
