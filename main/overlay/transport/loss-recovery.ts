// What was sent and not yet acknowledged, what of it is lost, and when to probe (RFC 9002 §6). Packets that carry only
// acks are numbered but not followed: nothing asks for their acknowledgement (RFC 9000 §13.2.1).
//
// The packets under way stand in an array by their numbers, and in the places of those settled only the numbers are left, until
// the oldest is settled. So an ack costs only as much as there are packets under way, whatever numbers a peer names in it, and
// bare acks, of which a peer can ask for any number, leave nothing behind.

import { BanyanError } from '../base/errors.ts'
import { type AckRange } from '../wire/packet-frames.ts'
import { AckSample } from './congestion/ack-sample.ts'
import { type SentFrame, type SentPacket, releasePacket, takePacket } from './congestion/sent-packet.ts'
import { type RoundTrip } from './round-trip.ts'
import { type SendingPath } from './sending-path.ts'
import { type LossCause } from './session-trace.ts'

/** RFC 9002 §6.1.1. */
export const PACKET_THRESHOLD = 3
/**
 * Chosen: probes back off no further than this (or one probe timeout, where that is longer), so that a path that loses
 * a third of its packets still gets a dozen tries before the peer is given up after three seconds.
 */
const MAX_PROBE_INTERVAL_MS = 400
/**
 * Chosen: forget the front of the array in pieces of at least so many entries, and of half of it, or each would move thousands
 * of packets under way; an idle session keeps what is not forgotten.
 */
const COMPACT_AT = 32

/** Told of every packet that is taken for lost. */
type LossListener = (number: number, cause: LossCause, nowMs: number) => void

/** 'path probe': its loss says nothing about queues. 'background': nothing in it is waited for. */
export type PacketKind = 'ordinary' | 'path probe' | 'background'

/** What kept the last packet from leaving. */
export type HeldBy = 'window' | 'pacing' | 'nothing to send' | 'the peer'

// One ack is read at a time, whatever the number of sessions: none of it outlives the call.
const acked: SentPacket[] = []
const lost: SentPacket[] = []
const late: SentPacket[] = []
const sample = new AckSample()

export class LossRecovery {
  /** Taken for lost so far, and of those, what came after all. */
  lostPackets = 0
  lostBytes = 0
  latePackets = 0
  /** Of those lost, how many only asked about the path. */
  lostProbes = 0
  readonly #onLost: LossListener | undefined
  #path: SendingPath
  #packets: (SentPacket | number)[] = []
  #nextNumber = 0
  #head = 0 // index of the oldest packet that may still be under way
  #inFlight = 0
  #largestAcked = -1
  #largestAckedSentMs = -Infinity
  #firstSampleMs = Infinity
  #lastSentMs = 0
  #probeCount = 0
  #lossAtMs: number | undefined
  #isLimited = false
  #isWindowFull = false

  constructor(path: SendingPath, onLost?: LossListener) {
    this.#path = path
    this.#onLost = onLost
  }

  get rtt(): RoundTrip {
    return this.#path.rtt
  }

  /**
   * From now on packets leave by another path. Those under way stay under way on theirs, but what becomes of them says nothing about
   * the new one (RFC 9000 §9.4). Returns false where it is the same: another port of the same host.
   */
  usePath(path: SendingPath): boolean {
    if (path === this.#path) return false
    this.#path = path
    this.#firstSampleMs = Infinity
    this.#largestAckedSentMs = -Infinity
    this.#probeCount = 0
    return true
  }

  /** The number that the next packet must carry. */
  get nextNumber(): number {
    return this.#nextNumber
  }

  get packetsInFlight(): number {
    return this.#inFlight
  }

  get bytesInFlight(): number {
    return this.#path.bytesInFlight
  }

  /** When the oldest packet under way left; undefined with nothing under way. */
  get oldestSentMs(): number | undefined {
    const oldest = this.#packets[this.#head]
    return typeof oldest === 'object' ? oldest.sentMs : undefined
  }

  /** Entries kept; for the tests that watch memory. */
  get tracked(): number {
    return this.#packets.length
  }

  maySend(bytes: number): boolean {
    return this.bytesInFlight + bytes <= this.#path.congestion.windowBytes
  }

  /** The sender stopped, and why: whether the path or the application is measured from now on (RFC 9002 §7.8). */
  heldBy(cause: HeldBy): void {
    this.#isWindowFull = cause === 'window'
    if (cause === 'window' || cause === 'pacing') this.#isLimited = true
    if (cause === 'nothing to send') this.#path.delivery.nothingToSend(this.bytesInFlight)
  }

  /** Notes the packet `nextNumber`; without frames it only carried an ack. The list is not kept. */
  sent(
    bytes: number,
    frames: readonly SentFrame[] | undefined,
    nowMs: number,
    kind: PacketKind = 'ordinary',
  ): void {
    const number = this.#nextNumber++
    if (!frames) return
    const { background } = this.#path
    const isBackground = kind === 'background' && background !== undefined
    const packet = takePacket(number, bytes, frames, nowMs, kind === 'path probe', isBackground)
    packet.path = this.#path
    if (isBackground) background.sent(bytes)
    this.#path.delivery.sent(packet, this.bytesInFlight)
    this.#path.congestion.sent(packet, this.bytesInFlight, nowMs)
    this.#packets.push(packet)
    this.#inFlight++
    this.#path.bytesInFlight += bytes
    this.#lastSentMs = nowMs
  }

  /** Errors: malformed, for an ack of what was never sent. Returns whether anything was new. */
  acked(ranges: readonly AckRange[], ackDelayMs: number, nowMs: number): boolean {
    const largest = ranges[0]!.last
    if (largest >= this.nextNumber)
      throw new BanyanError('malformed', 'an ack of a packet that was never sent')
    this.#takeAcked(ranges)
    this.#takeLate(ranges)
    this.#largestAcked = Math.max(this.#largestAcked, largest)
    if (acked.length > 0) this.#newlyAcked(largest, ackDelayMs, nowMs)
    const isNew = acked.length + late.length > 0
    this.latePackets += late.length
    for (const packet of acked) settle(packet)
    for (const packet of late) settle(packet)
    acked.length = late.length = 0
    this.#compact()
    return isNew
  }

  /** The time for packets that an ack has overtaken by too little to be called lost at once. */
  get lossAtMs(): number | undefined {
    return this.#lossAtMs
  }

  /** When to send something that provokes an ack; undefined with nothing under way. */
  get probeAtMs(): number | undefined {
    if (this.#inFlight === 0) return undefined
    const timeoutMs = this.rtt.probeTimeoutMs
    const longestMs = Math.max(timeoutMs, MAX_PROBE_INTERVAL_MS)
    return this.#lastSentMs + Math.min(timeoutMs * 2 ** Math.min(this.#probeCount, 16), longestMs)
  }

  lossTimePassed(nowMs: number): void {
    this.#detectLost(nowMs)
    this.#compact()
  }

  /** Puts the frames of the oldest packets up for sending again; the packets themselves stay under way. */
  probe(packets: number): void {
    this.#probeCount++
    let left = packets
    for (let i = this.#head; i < this.#packets.length && left > 0; i++) {
      const packet = this.#packets[i]!
      if (typeof packet === 'number' || packet.isPathProbe) continue
      for (const frame of packet.frames) frame.lost()
      left--
    }
  }

  #newlyAcked(largest: number, ackDelayMs: number, nowMs: number): void {
    let newest: SentPacket | undefined
    let bytes = 0
    let backgroundBytes = 0
    for (const packet of acked) {
      if (packet.path !== this.#path) continue
      this.#path.delivery.acked(packet, nowMs)
      this.#path.packetAcked(packet.bytes)
      bytes += packet.bytes
      if (packet.isBackground) backgroundBytes += packet.bytes
      if (!newest || packet.number > newest.number) newest = packet
    }
    sample.rttMs = undefined
    if (newest?.number === largest) this.#sampleRtt(newest, ackDelayMs, nowMs)
    this.#detectLost(nowMs)
    this.#probeCount = 0
    if (!newest) return
    this.#path.delivery.measure(sample)
    sample.nowMs = nowMs
    sample.ackedBytes = bytes
    sample.bytesInFlight = this.bytesInFlight
    sample.smoothedRttMs = this.rtt.smoothedMs
    sample.isLimiting = this.#isLimited
    sample.isWindowFull = this.#isWindowFull
    this.#path.congestion.acked(sample)
    this.#path.background?.acked(sample, backgroundBytes)
    if (this.maySend(this.#path.congestion.windowBytes / 2)) this.#isLimited = false
    this.#largestAckedSentMs = Math.max(this.#largestAckedSentMs, newest.sentMs)
  }

  #takeAcked(ranges: readonly AckRange[]): void {
    for (const range of ranges) {
      for (let i = this.#firstFrom(range.first); i < this.#packets.length; i++) {
        const packet = this.#packets[i]!
        if (numberOf(packet) > range.last) break
        if (typeof packet !== 'number') acked.push(this.#take(i, packet))
      }
    }
  }

  /** The index of the first packet with this number or a higher one. */
  #firstFrom(number: number): number {
    let [low, high] = [this.#head, this.#packets.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (numberOf(this.#packets[middle]!) < number) low = middle + 1
      else high = middle
    }
    return low
  }

  #takeLate(ranges: readonly AckRange[]): void {
    if (!this.#path.episode.settle(ranges, late)) return
    this.#path.congestion.lossWasSpurious()
    this.#path.background?.lossWasSpurious()
  }

  #take(index: number, packet: SentPacket): SentPacket {
    this.#packets[index] = packet.number
    this.#inFlight--
    packet.path!.bytesInFlight -= packet.bytes
    if (packet.isBackground) packet.path!.background!.settled(packet.bytes)
    return packet
  }

  #sampleRtt(packet: SentPacket, ackDelayMs: number, nowMs: number): void {
    sample.rttMs = nowMs - packet.sentMs
    this.rtt.sample(sample.rttMs, ackDelayMs)
    this.#firstSampleMs = Math.min(this.#firstSampleMs, nowMs)
  }

  /** RFC 9002 §6.1 and appendix A.10. */
  #detectLost(nowMs: number): void {
    this.#lossAtMs = undefined
    const delayMs = this.rtt.lossDelayMs
    for (let i = this.#head; i < this.#packets.length; i++) {
      const packet = this.#packets[i]!
      if (numberOf(packet) >= this.#largestAcked) break
      if (typeof packet === 'number') continue
      const isOvertaken = packet.number <= this.#largestAcked - PACKET_THRESHOLD
      if (isOvertaken || packet.sentMs + delayMs <= nowMs) {
        this.#onLost?.(packet.number, isOvertaken ? 'reordering_threshold' : 'time_threshold', nowMs)
        this.#noteLost(this.#take(i, packet))
      } else this.#lossAtMs = Math.min(this.#lossAtMs ?? Infinity, packet.sentMs + delayMs)
    }
    if (lost.length > 0) this.#newlyLost(nowMs)
  }

  /** A lost probe of a size is no sign of a full queue (RFC 9000 §14.4), nor is what another path has lost. */
  #noteLost(packet: SentPacket): void {
    this.lostPackets++
    this.lostBytes += packet.bytes
    if (packet.isPathProbe) this.lostProbes++
    if (!packet.isPathProbe && packet.path === this.#path) return void lost.push(packet)
    for (const frame of packet.frames) frame.lost()
    releasePacket(packet)
  }

  #newlyLost(nowMs: number): void {
    const { congestion, background, delivery } = this.#path
    this.#path.packetsLost(lost, nowMs)
    for (const packet of lost) {
      const lostSinceBytes = delivery.lost(packet)
      congestion.lost(packet, lostSinceBytes, nowMs)
      background?.lost(packet, lostSinceBytes, nowMs)
    }
    if (this.#isPersistent()) {
      congestion.persistentlyCongested()
      background?.persistentlyCongested()
    }
    for (const packet of lost) {
      for (const frame of packet.frames) frame.lost()
      this.#path.episode.add(packet, nowMs)
    }
    lost.length = 0
  }

  /** RFC 9002 §7.6: everything sent over a long time was lost, nothing in between acknowledged. */
  #isPersistent(): boolean {
    const first = lost[0]!
    const last = lost[lost.length - 1]!
    if (first.sentMs < this.#firstSampleMs || first.sentMs <= this.#largestAckedSentMs) return false
    if (last.sentMs - first.sentMs < this.rtt.persistentCongestionMs) return false
    return !acked.some((packet) => packet.number > first.number && packet.number < last.number)
  }

  #compact(): void {
    while (this.#head < this.#packets.length && typeof this.#packets[this.#head] === 'number') this.#head++
    if (this.#head < COMPACT_AT || 2 * this.#head < this.#packets.length) return
    this.#packets.splice(0, this.#head)
    this.#head = 0
  }
}

function numberOf(packet: SentPacket | number): number {
  return typeof packet === 'number' ? packet : packet.number
}

function settle(packet: SentPacket): void {
  for (const frame of packet.frames) frame.acked()
  releasePacket(packet)
}
