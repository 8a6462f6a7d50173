// LEDBAT++ (RFC 6817 and draft-irtf-iccrg-ledbat-plus-plus): the law for what nobody waits for, replicas and history. It takes
// what others leave: it keeps the queue on its way near 60 ms, so a law that fills queues pushes it down to two packets.
//
// The queue is the round trip less the least one ever seen, and there lies the difficulty: a flow that begins beside another
// of its kind sees that one's queue in every round trip and takes it for distance (the late-comer). So each flow falls
// silent from time to time, for a tenth of the time at most: once all queues of its kind have drained, everybody sees the truth.

import { type AckSample } from './ack-sample.ts'
import { type CongestionControl } from './congestion-control.ts'
import { type SentPacket } from './sent-packet.ts'

/** Draft §4.2: below what people notice in a call, above the noise of most paths. */
const TARGET_MS = 60
/** Chosen: as long as a peer may keep an ack back, which looks like a queue. */
const LEAST_TARGET_MS = 5
/** §4.3: slow start ends at so much of it. */
const SLOW_START_SHARE = 3 / 4
/** §4.2: growth is 1/16 of Reno's where the path is short, so that it never wins against one. */
const MAX_SLOWER = 16
/** §4.1: the queue is judged by the least of the last four samples. */
const FILTER_SAMPLES = 4
/** RFC 6817 §3.1.1: the least round trip of the last ten minutes counts. */
const BASE_MINUTES = 10
const MINUTE_MS = 60_000
/** §4.5: two packets for two round trips; then nine times as long in peace as a slowdown with its recovery took. */
const SLOWDOWN_ROUND_TRIPS = 2
const PEACE_FACTOR = 9
const MINIMUM_PACKETS = 2
/** §4.4: at most half the window per round trip, like a loss. */
const MAX_DECREASE = 1 / 2
/** RFC 9002 §7.7. */
const PACING_GAIN = 1.25

//   ramp --threshold, or a queue of 45 ms--> steady --time--> slowdown --two round trips--> ramp
type Phase = 'ramp' | 'steady' | 'slowdown'

/** Growth in packets per round trip (§4.2). */
export function ledbatGain(baseMs: number): number {
  return 1 / Math.min(MAX_SLOWER, Math.ceil((2 * TARGET_MS) / baseMs))
}

/** Change of a window of so many packets in a round trip with this queue (§4.4). */
export function ledbatStep(
  windowPackets: number,
  queueMs: number,
  gain: number,
  targetMs = TARGET_MS,
): number {
  if (queueMs <= targetMs) return gain
  return Math.max(gain - windowPackets * (queueMs / targetMs - 1), -MAX_DECREASE * windowPackets)
}

export class Ledbat implements CongestionControl {
  readonly #targetShare: number
  #packetBytes: number
  #windowBytes: number
  #thresholdBytes = Infinity
  #phase: Phase = 'ramp'
  #isFirstRamp = true
  #slowdownAtMs = Infinity
  #slowdownSinceMs = 0
  #recoverySinceMs = -Infinity
  #lostFromBytes = 0 // the window before the last reduction
  #smoothedRttMs = 0
  readonly #recentMs: number[] = []
  readonly #baseMs = Array<number>(BASE_MINUTES).fill(Infinity) // per minute
  #minute = 0
  #samples = 0

  /** `targetShare`: the queue aimed at is at most so much of the least round trip, but 5 ms. */
  constructor(packetBytes: number, targetShare = Infinity) {
    this.#targetShare = targetShare
    this.#packetBytes = packetBytes
    // A newcomer in the background has no reason to begin with ten packets.
    this.#windowBytes = MINIMUM_PACKETS * packetBytes
  }

  /** A round trip that was seen before this law began to look. */
  knows(rttMs: number, nowMs: number): void {
    this.#noteRtt(rttMs, nowMs)
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get pacingRate(): number | undefined {
    return this.#smoothedRttMs === 0 ? undefined : (PACING_GAIN * this.#windowBytes) / this.#smoothedRttMs
  }

  sent(): void {}

  acked(sample: AckSample): void {
    this.#smoothedRttMs = sample.smoothedRttMs
    if (sample.rttMs !== undefined) this.#noteRtt(sample.rttMs, sample.nowMs)
    if (sample.newestSentMs <= this.#recoverySinceMs || this.#samples === 0) return
    if (this.#phase === 'slowdown') this.#endSlowdown(sample.nowMs)
    else if (sample.nowMs >= this.#slowdownAtMs) this.#beginSlowdown(sample.nowMs)
    else if (this.#phase === 'ramp') this.#ramp(sample)
    else this.#steer(sample)
  }

  /** RFC 6817 §2.4.2: half the window, once per round trip. */
  lost(packet: SentPacket, _lostSinceBytes: number, nowMs: number): void {
    if (packet.sentMs <= this.#recoverySinceMs) return
    this.#recoverySinceMs = nowMs
    this.#lostFromBytes = this.#windowBytes
    this.#setWindow(this.#windowBytes / 2)
    if (this.#phase === 'ramp') this.#endRamp(nowMs)
  }

  lossWasSpurious(): void {
    this.#windowBytes = Math.max(this.#windowBytes, this.#lostFromBytes)
    this.#recoverySinceMs = -Infinity
  }

  persistentlyCongested(): void {
    this.#setWindow(0)
  }

  setPacketBytes(packetBytes: number): void {
    this.#packetBytes = packetBytes
    this.#setWindow(this.#windowBytes)
  }

  /** The least round trip of the last minutes. */
  get #leastMs(): number {
    let least = Infinity
    for (const ms of this.#baseMs) least = Math.min(least, ms)
    return least
  }

  get #targetMs(): number {
    return Math.min(TARGET_MS, Math.max(LEAST_TARGET_MS, this.#targetShare * this.#leastMs))
  }

  get #queueMs(): number {
    let least = Infinity
    for (const ms of this.#recentMs) least = Math.min(least, ms)
    return least - this.#leastMs
  }

  #noteRtt(rttMs: number, nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (minute - this.#minute >= BASE_MINUTES) this.#baseMs.fill(Infinity)
    else for (let m = this.#minute + 1; m <= minute; m++) this.#baseMs[m % BASE_MINUTES] = Infinity
    this.#minute = minute
    const at = minute % BASE_MINUTES
    this.#baseMs[at] = Math.min(this.#baseMs[at]!, rttMs)
    this.#recentMs[this.#samples++ % FILTER_SAMPLES] = rttMs
  }

  /** Slow start at the slower pace, the first time until a queue shows. */
  #ramp(sample: AckSample): void {
    if (this.#isFirstRamp && this.#queueMs > SLOW_START_SHARE * this.#targetMs)
      return this.#endRamp(sample.nowMs)
    if (sample.isLimiting) this.#windowBytes += ledbatGain(this.#leastMs) * sample.ackedBytes
    if (this.#windowBytes >= this.#thresholdBytes) this.#endRamp(sample.nowMs)
  }

  #endRamp(nowMs: number): void {
    this.#phase = 'steady'
    const tookMs = nowMs - this.#slowdownSinceMs
    const peaceMs = this.#isFirstRamp ? SLOWDOWN_ROUND_TRIPS * this.#smoothedRttMs : PEACE_FACTOR * tookMs
    this.#isFirstRamp = false
    this.#slowdownAtMs = nowMs + peaceMs
  }

  #beginSlowdown(nowMs: number): void {
    this.#phase = 'slowdown'
    this.#slowdownSinceMs = nowMs
    this.#thresholdBytes = this.#windowBytes
    this.#setWindow(0)
  }

  #endSlowdown(nowMs: number): void {
    if (nowMs < this.#slowdownSinceMs + SLOWDOWN_ROUND_TRIPS * this.#smoothedRttMs) return
    this.#phase = 'ramp'
    this.#slowdownAtMs = Infinity
  }

  #steer(sample: AckSample): void {
    const packets = this.#windowBytes / this.#packetBytes
    const step = ledbatStep(packets, this.#queueMs, ledbatGain(this.#leastMs), this.#targetMs)
    if (step > 0 && !sample.isLimiting) return
    const share = sample.ackedBytes / this.#windowBytes // of a round trip
    this.#setWindow(this.#windowBytes + step * share * this.#packetBytes)
  }

  #setWindow(bytes: number): void {
    this.#windowBytes = Math.max(bytes, MINIMUM_PACKETS * this.#packetBytes)
  }
}
