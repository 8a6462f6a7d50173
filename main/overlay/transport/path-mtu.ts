// How large the packets of one path may be: datagram packetization layer path MTU discovery (RFC 8899, RFC 9000 §14.3).
//
// Bulk asks, by probes: packets of ping and padding whose loss is no congestion signal and which nobody sends again. The
// sizes asked for are those that the links of the world bring about, so that few probes do: the sizes of Ethernet, of
// jumbo frames and of loopback upward until one fails, then the middle of what is left between. What probes take is a
// small share of the bulk that was sent before, so a conversation asks nothing, and a large size is asked for only
// where it can pay. A path may change and carry less from one packet to the next (black-hole.ts).

import { DATAGRAM_BYTES, MAX_DATAGRAM_BYTES } from '../wire/packet.ts'
import { BlackHole } from './black-hole.ts'
import { type SentFrame, type SentPacket } from './congestion/sent-packet.ts'

/**
 * Chosen: UDP payloads that links have room for. 1,232 and 1,252: IPv6's least MTU of 1,280; 1,372 and 1,392: WireGuard; 1,412
 * and 1,432: tunnels and clouds; 1,444 and 1,464: PPPoE; 1,452 and 1,472: Ethernet under IPv6 and IPv4; 4,024: InfiniBand and
 * some clouds; 8,952 and 8,972: jumbo frames; 9,188: the largest that macOS sends; 16,356 and up: loopbacks.
 */
const SIZES = [
  DATAGRAM_BYTES,
  1_232,
  1_252,
  1_292,
  1_332,
  1_372,
  1_392,
  1_412,
  1_432,
  1_444,
  1_452,
  1_464,
  1_472,
  2_024,
  4_024,
  8_952,
  8_972,
  9_188,
  16_356,
  32_740,
  65_487,
  MAX_DATAGRAM_BYTES,
]
/** Of these, the ones to try while nothing has failed yet. */
const LANDMARKS = [1_472, 8_972, MAX_DATAGRAM_BYTES].map((bytes) => SIZES.indexOf(bytes))
/** RFC 8899 §5.1.2, MAX_PROBES. */
const TRIES = 3
/** RFC 8899 §5.1.1, PMTU_RAISE_TIMER. */
const RAISE_MS = 600_000
/** Chosen: of what full packets carry, a sixteenth may go into probes. So the first one follows 20 full packets. */
const PROBE_SHARE = 1 / 16
/** A packet that lacks no more than this of the present size is a full one: bulk. */
const NEARLY_FULL_BYTES = 64

/** Whether a packet is one of bulk. */
export function isFull(bytes: number, packetBytes: number): boolean {
  return bytes >= packetBytes - NEARLY_FULL_BYTES
}

export class PathMtu {
  readonly #sizes: number // how many of SIZES may be asked for
  readonly #changed: (packetBytes: number) => void
  readonly #blackHole = new BlackHole()
  #carried = 0 // index of the largest size that is known to arrive
  #tooLarge: number // index of the least that is known not to; as many as there are sizes where none failed
  #tries = 0
  #creditBytes = 0
  #isProbing = false // a probe is under way
  #foundAtMs: number | undefined // when nothing was left to ask
  /** Sizes that used to arrive and no longer did. */
  blackHoles = 0

  /** `largestBytes`: what the socket sends in one piece. `changed` is told each new size. */
  constructor(largestBytes: number, changed: (packetBytes: number) => void) {
    const end = SIZES.findIndex((bytes, index) => index > 0 && bytes > largestBytes)
    this.#tooLarge = this.#sizes = end < 0 ? SIZES.length : end
    this.#changed = changed
  }

  /** The size of a full packet, between 1,200 and 65,507. */
  get packetBytes(): number {
    return SIZES[this.#carried]!
  }

  /** The size of a probe that bulk has paid for and that should leave before the next packet; undefined for none. */
  get dueBytes(): number | undefined {
    if (this.#creditBytes === 0 || this.#isProbing) return undefined
    const index = this.#candidate
    return index < this.#sizes && this.#creditBytes >= SIZES[index]! ? SIZES[index] : undefined
  }

  /** The probe that was due leaves now. The frame stands for it in the packet. */
  probeSent(nowMs: number): SentFrame {
    const index = this.#candidate
    this.#isProbing = true
    this.#creditBytes = 0
    let isSettled = false
    const settle = (isCarried: boolean) => {
      if (!isSettled) this.#settle(index, isCarried, nowMs)
      isSettled = true
    }
    return { acked: () => settle(true), lost: () => settle(false) }
  }

  /** A packet that asks for an ack has left. */
  packetSent(bytes: number, nowMs: number): void {
    if (!isFull(bytes, this.packetBytes)) return
    if (this.#foundAtMs !== undefined) {
      if (nowMs < this.#foundAtMs + RAISE_MS) return
      this.#foundAtMs = undefined
      this.#tooLarge = this.#sizes
    }
    this.#creditBytes += bytes * PROBE_SHARE
  }

  /** An ack has named a packet of so many bytes. */
  packetAcked(bytes: number): void {
    this.#blackHole.acked(bytes)
  }

  /** These packets were called lost together; told after the ack that showed it. */
  packetsLost(packets: readonly SentPacket[], nowMs: number): void {
    if (this.#carried === 0 || !this.#blackHole.lost(packets, nowMs)) return
    this.blackHoles++
    this.#tooLarge = this.#carried
    this.#carried = 0
    this.#tries = 0
    this.#foundAtMs = undefined
    this.#changed(this.packetBytes)
  }

  /** The next size to ask for, as an index; past the end where there is none. */
  get #candidate(): number {
    if (this.#tooLarge - this.#carried <= 1) return this.#sizes
    if (this.#tooLarge < this.#sizes) return (this.#carried + this.#tooLarge) >> 1
    const landmark = LANDMARKS.find((index) => index > this.#carried) ?? Infinity
    return Math.min(landmark, this.#sizes - 1)
  }

  #settle(index: number, isCarried: boolean, nowMs: number): void {
    this.#isProbing = false
    if (index >= this.#tooLarge || index <= this.#carried) return // asked before a black hole, which has changed the question
    if (isCarried) {
      this.#carried = index
      this.#tries = 0
      this.#changed(this.packetBytes)
    } else if (++this.#tries === TRIES) {
      this.#tooLarge = index
      this.#tries = 0
    }
    if (this.#tooLarge - this.#carried <= 1) this.#foundAtMs = nowMs
  }
}
