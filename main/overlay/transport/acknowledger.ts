// When to acknowledge (RFC 9000 §13.2). At once: two packets that ask for it, or as many as the sender wants to wait for (it
// knows how many are under way: ack-request.ts); a gap, and what proves the gap a loss; or a ping, whose sender wants a sign of
// life. Else with whatever is sent next, or after the longest ack delay. Where that has passed in vain, packets come alone and
// are not answered soon: then an ack waits for nothing but a timer, and goes at once, until waiting would have been worth it (as
// TCP does on Linux, outside its "pingpong" mode).

import { type PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, ackBytes, writeFrame } from '../wire/packet-frames.ts'
import { MAX_FRAMES_BYTES } from '../wire/packet.ts'
import { PACKETS_PER_ACK } from './ack-request.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { PACKET_THRESHOLD } from './loss-recovery.ts'
import { ReceivedPackets } from './received-packets.ts'
import { MAX_ACK_DELAY_MS } from './round-trip.ts'

export class Acknowledger {
  readonly received = new ReceivedPackets()
  #packetsPerAck = PACKETS_PER_ACK
  #askedIn = -1 // the packet that brought it
  #provesLossAt = -1
  #owed = 0
  #isUrgent = false
  #owedSinceMs = 0
  #largestAtMs = 0
  #askedAtMs = -Infinity // the latest packet that asked
  #isAlone = false // it came long after the one before
  #isWaitInVain = false

  get isOwed(): boolean {
    return this.#owed > 0
  }

  /** An ack should go out now, even alone. */
  get isUrgent(): boolean {
    return this.#isUrgent
  }

  /** A packet of these frames, received a moment ago, adds to the ack that will go out anyhow, and changes nothing else. */
  waitsFor(frames: readonly Frame[]): boolean {
    return this.#owed > 1 && !this.#isUrgent && frames.length === 1 && frames[0]!.type === 'stream'
  }

  /** When an ack has to go out even alone; undefined where none is owed. */
  get dueMs(): number | undefined {
    return this.#owed > 0 ? this.#owedSinceMs + MAX_ACK_DELAY_MS : undefined
  }

  /** The sender's wish, in the packet of this number: the newest packet's counts, as packets overtake each other. */
  askedFor(packetsPerAck: number, number: number): void {
    if (number < this.#askedIn) return
    this.#askedIn = number
    this.#packetsPerAck = packetsPerAck
  }

  packetReceived(number: number, asksForAck: boolean, hasPing: boolean, nowMs: number): void {
    const { received } = this
    const isNext = number === received.largest + 1
    if (number > received.largest) {
      this.#largestAtMs = nowMs
      if (!isNext) this.#provesLossAt = number + PACKET_THRESHOLD - 1
    }
    received.add(number)
    if (!asksForAck) return
    if (this.#owed++ === 0) this.#owedSinceMs = nowMs
    this.#isAlone = !this.#followsSoon(nowMs)
    this.#askedAtMs = nowMs
    const isEnough = this.#owed >= this.#packetsPerAck || number === this.#provesLossAt
    if (hasPing || !isNext || isEnough || this.#isWaitInVain) this.#isUrgent = true
  }

  delayPassed(): void {
    this.#isUrgent = this.#owed > 0
    if (this.#isUrgent && this.#isAlone) this.#isWaitInVain = true
  }

  /** A packet leaves that says something: what is owed goes with it. */
  goWith(out: PacketWriter, frames: SentFrame[], nowMs: number): void {
    if (this.isOwed) frames.push(this.write(out, nowMs))
    else this.#followsSoon(nowMs)
  }

  /** Puts the ack into a packet; it is then no longer owed. It takes half of a small packet at most. */
  write(out: PacketWriter, nowMs: number): SentFrame {
    const ack = this.take(nowMs)
    while (ack.ranges.length > 1 && ackBytes(ack.ranges.length) > MAX_FRAMES_BYTES / 2) ack.ranges.pop()
    writeFrame(out, ack)
    return new SentAck(this.received, ack.ranges[0]!.last)
  }

  /** The ack to send, which is then no longer owed. */
  take(nowMs: number): Frame & { type: 'ack' } {
    this.#owed = 0
    this.#isUrgent = false
    const delayUs = Math.max(0, Math.round((nowMs - this.#largestAtMs) * 1000))
    return { type: 'ack', delayUs, ranges: this.received.ackRanges() }
  }

  /** Whether the ack of the latest packet that asked, had it waited, would go with what comes or leaves now: then the next one waits. */
  #followsSoon(nowMs: number): boolean {
    const isSoon = nowMs - this.#askedAtMs < MAX_ACK_DELAY_MS
    if (isSoon) this.#isWaitInVain = false
    return isSoon
  }
}

/** An ack that the peer has seen: what is missing below it is lost, not late. */
class SentAck implements SentFrame {
  readonly #received: ReceivedPackets
  readonly #upTo: number

  constructor(received: ReceivedPackets, upTo: number) {
    this.#received = received
    this.#upTo = upTo
  }

  acked(): void {
    this.#received.settle(this.#upTo)
  }

  lost(): void {}
}
