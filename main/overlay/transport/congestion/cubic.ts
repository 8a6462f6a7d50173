// CUBIC (RFC 9438): the law that most of the Internet obeys, with HyStart++ for its slow start. Growth depends on the time
// since the last loss and not on round trips, so flows of different length share a line; where Reno would be quicker, it
// follows Reno. It takes every loss for a full queue: on a line that loses packets by chance it stays far below the rate.

import { type AckSample } from './ack-sample.ts'
import { type CongestionControl, initialWindowBytes } from './congestion-control.ts'
import {
  CUBIC_BETA,
  RENO_FRIENDLY_ALPHA,
  convergedMax,
  cubicRiseSeconds,
  cubicWindow,
} from './cubic-curve.ts'
import { HyStart } from './hystart.ts'
import { type SentPacket } from './sent-packet.ts'

/** RFC 9002 §7.2. */
const MINIMUM_PACKETS = 2
/** RFC 9438 §4.4: the target is at most so many windows. */
const MAX_TARGET_WINDOWS = 1.5
/** RFC 9002 §7.7: a little above window per round trip, or the window would never be used up. */
const PACING_GAIN = 1.25
/** Slow start doubles per round trip. */
const SLOW_START_PACING_GAIN = 2

/** Congestion avoidance since the last loss or the end of slow start. Windows in segments. */
interface Epoch {
  startMs: number
  riseSeconds: number
  maxSegments: number
  renoSegments: number
}

/** What a loss changed, to be put back where the packets were only late (RFC 9438 §4.9). */
interface Undo {
  windowBytes: number
  thresholdBytes: number
  maxSegments: number
  priorSegments: number
  epoch: Epoch | undefined
  hystart: HyStart | undefined
}

export class Cubic implements CongestionControl {
  #packetBytes: number
  #windowBytes: number
  #thresholdBytes = Infinity
  #hystart: HyStart | undefined = new HyStart()
  #epoch: Epoch | undefined
  #maxSegments = 0 // W_max
  #priorSegments = 0 // the window before the last reduction
  #recoverySinceMs = -Infinity
  #lastAckMs = 0
  #smoothedRttMs = 0
  #undo: Undo | undefined

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
    this.#windowBytes = initialWindowBytes(packetBytes)
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get pacingRate(): number | undefined {
    if (this.#smoothedRttMs === 0) return undefined
    const gain = this.#isSlowStart ? SLOW_START_PACING_GAIN : PACING_GAIN
    return (gain * this.#windowBytes) / this.#smoothedRttMs
  }

  sent(): void {}

  acked(sample: AckSample): void {
    const pauseMs = sample.nowMs - this.#lastAckMs
    this.#lastAckMs = sample.nowMs
    this.#smoothedRttMs = sample.smoothedRttMs
    if (sample.newestSentMs <= this.#recoverySinceMs) return
    if (!sample.isLimiting) return this.#rest(pauseMs)
    if (this.#isSlowStart) this.#growFast(sample)
    else this.#growSlowly(sample)
  }

  lost(packet: SentPacket, _lostSinceBytes: number, nowMs: number): void {
    if (packet.sentMs <= this.#recoverySinceMs) return // one reduction per round trip (RFC 9002 §7.3.2)
    const segments = this.#windowBytes / this.#packetBytes
    this.#undo = {
      windowBytes: this.#windowBytes,
      thresholdBytes: this.#thresholdBytes,
      maxSegments: this.#maxSegments,
      priorSegments: this.#priorSegments,
      epoch: this.#epoch,
      hystart: this.#hystart,
    }
    this.#recoverySinceMs = nowMs
    this.#maxSegments = convergedMax(segments, this.#maxSegments)
    this.#priorSegments = segments
    this.#thresholdBytes = Math.max(this.#windowBytes * CUBIC_BETA, this.#minimumBytes)
    this.#windowBytes = this.#thresholdBytes
    this.#epoch = undefined
    this.#hystart = undefined
  }

  lossWasSpurious(): void {
    const undo = this.#undo
    if (!undo || undo.windowBytes <= this.#windowBytes) return
    this.#undo = undefined
    this.#windowBytes = undo.windowBytes
    this.#thresholdBytes = undo.thresholdBytes
    this.#maxSegments = undo.maxSegments
    this.#priorSegments = undo.priorSegments
    this.#epoch = undo.epoch
    this.#hystart = undo.hystart
    this.#recoverySinceMs = -Infinity
  }

  /** RFC 9438 §4.8: slow start from the least window up to where the loss has set the threshold, then the curve anew. */
  persistentlyCongested(): void {
    this.#windowBytes = this.#minimumBytes
    this.#recoverySinceMs = -Infinity
    this.#maxSegments = 0
    this.#epoch = undefined
    this.#undo = undefined
  }

  /** The window stays what it is in bytes; what is counted in segments is counted in the new ones, on a curve begun anew. */
  setPacketBytes(packetBytes: number): void {
    const ratio = this.#packetBytes / packetBytes
    this.#packetBytes = packetBytes
    this.#windowBytes = Math.max(this.#windowBytes, this.#minimumBytes)
    this.#maxSegments *= ratio
    this.#priorSegments *= ratio
    this.#epoch = undefined
    this.#undo = undefined
  }

  get #isSlowStart(): boolean {
    return this.#windowBytes < this.#thresholdBytes
  }

  get #minimumBytes(): number {
    return MINIMUM_PACKETS * this.#packetBytes
  }

  #growFast(sample: AckSample): void {
    const hystart = this.#hystart // only the first slow start knows no threshold (RFC 9406 §4.3)
    hystart?.acked(sample.priorDeliveredBytes, sample.deliveredBytes, sample.rttMs)
    this.#windowBytes += sample.ackedBytes * (hystart?.growth ?? 1)
    if (!hystart?.isDone) return
    this.#thresholdBytes = this.#windowBytes
    this.#hystart = undefined
  }

  #growSlowly(sample: AckSample): void {
    const segments = this.#windowBytes / this.#packetBytes
    const epoch = (this.#epoch ??= this.#startEpoch(segments, sample.nowMs))
    const acked = sample.ackedBytes / this.#packetBytes
    const seconds = (sample.nowMs - epoch.startMs) / 1000
    const alpha = epoch.renoSegments >= this.#priorSegments ? 1 : RENO_FRIENDLY_ALPHA
    epoch.renoSegments += (alpha * acked) / segments
    if (cubicWindow(seconds, epoch.riseSeconds, epoch.maxSegments) < epoch.renoSegments) {
      this.#windowBytes = Math.max(this.#windowBytes, epoch.renoSegments * this.#packetBytes)
      return
    }
    const next = cubicWindow(seconds + sample.smoothedRttMs / 1000, epoch.riseSeconds, epoch.maxSegments)
    const target = Math.max(segments, Math.min(next, MAX_TARGET_WINDOWS * segments))
    this.#windowBytes += ((target - segments) / segments) * sample.ackedBytes
  }

  /** After slow start alone there is no W_max below which to be careful: K is 0 (RFC 9438 §4.10). */
  #startEpoch(segments: number, nowMs: number): Epoch {
    const maxSegments = Math.max(this.#maxSegments, segments)
    const riseSeconds = cubicRiseSeconds(maxSegments, segments)
    return { startMs: nowMs, riseSeconds, maxSegments, renoSegments: segments }
  }

  /** A pause of the application is not time in which the window was tried (RFC 9438 §5.8). */
  #rest(pauseMs: number): void {
    if (this.#epoch) this.#epoch.startMs += pauseMs
  }
}
