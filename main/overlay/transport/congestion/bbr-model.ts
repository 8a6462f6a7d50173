// What BBR believes of the path (draft-ietf-ccwg-bbr-04 §5.5): the rate of its narrowest place, its round trip without a
// queue, and how much it takes in flight. Two time scales: the long term is what probing has found, the short term is
// pulled down by losses while nobody probes and forgotten before the next probe.

import { type AckSample } from './ack-sample.ts'
import { type SentPacket } from './sent-packet.ts'
import { WindowedMax } from './windowed-max.ts'

/** §2.8: a loss rate so much above what the path loses anyway says that there was too much in flight. */
const LOSS_THRESHOLD = 0.02
/** Chosen: an RTT within this of the least one means that no queue stands. */
const QUIET_RTT = 1.1
/** Chosen: each quiet round moves the estimate by so much of the difference; and it is believed so far and no further. */
const QUIET_LOSS_WEIGHT = 1 / 8
const MAX_QUIET_LOSS = 0.1
/** §2.8: what a loss leaves of a bound at least. */
export const BETA = 0.7
/** §2.13 and §2.14: the least round trip seen is believed for so long. */
const MIN_RTT_LIFE_MS = 10_000
/** §2.10: the fastest rate of this and the last probing cycle. */
const RATE_CYCLES = 2
/** §2.11: bursts of acks are remembered for so many round trips, and for one during startup. */
const AGGREGATION_ROUNDS = 10

/** What a loss episode pulled down, to be put back where it was none (§5.5.11). */
interface Undo {
  shortTermRate: number
  shortTermBytes: number
  longTermBytes: number
}

export class BbrModel {
  /** Bytes per millisecond, and bytes in flight, that recent losses allow. */
  shortTermRate = Infinity
  shortTermBytes = Infinity
  /** Bytes in flight that probing has found to be too many. */
  longTermBytes = Infinity
  minRttMs = Infinity
  /** The least round trip is stale; the next sample has replaced it. */
  isMinRttExpired = false
  /** Round trips since the session began, counted by packets; and whether this ack is the first of one. */
  roundCount = 0
  isRoundStart = false
  /** The first ack of a round trip that began with a loss or the last such round. */
  isLossRoundStart = false
  isLossInRound = false
  /** Separate gaps among the packets lost in this round. */
  lossGaps = 0
  #maxRate = new WindowedMax(RATE_CYCLES)
  #cycle = 0
  #nextRoundBytes = 0
  #lossRoundBytes = 0
  #latestRate = 0
  #latestBytes = 0
  #lastLostNumber = -2
  #quietLossRate = 0
  #minRttAtMs = 0
  #aggregation = new WindowedMax(AGGREGATION_ROUNDS)
  #aggregationSinceMs = 0
  #aggregatedBytes = 0
  #undo: Undo = { shortTermRate: Infinity, shortTermBytes: Infinity, longTermBytes: Infinity }

  /** Bytes per millisecond of the narrowest place. */
  get maxRate(): number {
    return this.#maxRate.max()
  }

  /** The rate to send at: the path's, less what recent losses have taken from it. */
  get rate(): number {
    return Math.min(this.maxRate, this.shortTermRate)
  }

  /** The bandwidth-delay product: in flight where the line is just full. 0 before the first round trip. */
  get pipeBytes(): number {
    return this.minRttMs === Infinity ? 0 : this.rate * this.minRttMs
  }

  /** Delivered over the last round trip. */
  get latestBytes(): number {
    return this.#latestBytes
  }

  /** The loss rate above which there was too much in flight. */
  get lossThreshold(): number {
    return LOSS_THRESHOLD + this.#quietLossRate
  }

  /** §5.5.10.1: more was lost since the newest packet of the ack was sent than probing may cost. */
  isTooMuch({ lostSinceBytes, inFlightBytes }: AckSample): boolean {
    return lostSinceBytes > inFlightBytes * this.lossThreshold
  }

  /**
   * Once per round trip of cruising: what is lost while no queue stands is lost by chance, as on a radio link, and no sign
   * of a full queue when it goes on during a probe. The draft has no such estimate.
   */
  noteQuietLoss({ rttMs, lostSinceBytes, inFlightBytes }: AckSample): void {
    if (rttMs === undefined || rttMs > this.minRttMs * QUIET_RTT) return
    const rate = Math.min(lostSinceBytes / inFlightBytes, MAX_QUIET_LOSS)
    this.#quietLossRate += (rate - this.#quietLossRate) * QUIET_LOSS_WEIGHT
  }

  /** What acks bring in bursts, beyond the rate, over the last rounds. */
  aggregatedBytes(isFull: boolean): number {
    return this.#aggregation.max(isFull ? AGGREGATION_ROUNDS : 1)
  }

  /**
   * §5.5.10: near the start of an ack's processing. `heldTo`: the share of the rate to which the sender itself keeps;
   * undefined while it probes, when losses are expected and no reason to slow down.
   */
  acked(sample: AckSample, heldTo: number | undefined, windowBytes: number): void {
    this.#latestRate = Math.max(this.#latestRate, sample.deliveryRate)
    this.#latestBytes = Math.max(this.#latestBytes, sample.intervalBytes)
    this.isLossRoundStart = sample.priorDeliveredBytes >= this.#lossRoundBytes
    if (this.isLossRoundStart) this.#lossRoundBytes = sample.deliveredBytes
    this.isRoundStart = sample.priorDeliveredBytes >= this.#nextRoundBytes
    if (this.isRoundStart) {
      this.#nextRoundBytes = sample.deliveredBytes
      this.roundCount++
    }
    if (sample.deliveryRate > 0 && (!sample.isAppLimited || sample.deliveryRate >= this.maxRate))
      this.#maxRate.update(sample.deliveryRate, this.#cycle)
    if (this.isLossRoundStart && this.isLossInRound && heldTo !== undefined && !sample.isAppLimited)
      this.#lowerBounds(windowBytes, heldTo)
    this.#noteAggregation(sample, windowBytes)
  }

  /** At the end of an ack's processing. */
  advance(sample: AckSample): void {
    if (!this.isLossRoundStart) return
    this.#latestRate = sample.deliveryRate
    this.#latestBytes = sample.intervalBytes
    this.isLossInRound = false
    this.lossGaps = 0
  }

  lost(packet: SentPacket, deliveredBytes: number): void {
    if (!this.isLossInRound) {
      this.#lossRoundBytes = deliveredBytes
      this.isLossInRound = true
      const { shortTermRate, shortTermBytes, longTermBytes } = this
      this.#undo = { shortTermRate, shortTermBytes, longTermBytes }
    }
    if (packet.number !== this.#lastLostNumber + 1) this.lossGaps++
    this.#lastLostNumber = packet.number
  }

  lossWasSpurious(): void {
    this.isLossInRound = false
    this.shortTermRate = Math.max(this.shortTermRate, this.#undo.shortTermRate)
    this.shortTermBytes = Math.max(this.shortTermBytes, this.#undo.shortTermBytes)
    this.longTermBytes = Math.max(this.longTermBytes, this.#undo.longTermBytes)
  }

  /** §5.3.4.3. Whether the estimate is stale is noted before the sample replaces it. */
  updateMinRtt(sample: AckSample): void {
    this.isMinRttExpired = sample.nowMs > this.#minRttAtMs + MIN_RTT_LIFE_MS && this.minRttMs < Infinity
    const { rttMs } = sample
    if (rttMs === undefined || (rttMs >= this.minRttMs && !this.isMinRttExpired)) return
    this.minRttMs = rttMs
    this.#minRttAtMs = sample.nowMs
  }

  /** The queue was drained, whatever was measured: believed for another interval. */
  renewMinRtt(nowMs: number): void {
    this.#minRttAtMs = nowMs
  }

  startRound(deliveredBytes: number): void {
    this.#nextRoundBytes = deliveredBytes
  }

  /** One probing cycle is over: rates of the one before the last are forgotten. */
  advanceCycle(): void {
    this.#cycle++
    this.#maxRate.update(0, this.#cycle)
  }

  restartAggregation(nowMs: number): void {
    this.#aggregationSinceMs = nowMs
    this.#aggregatedBytes = 0
  }

  forgetShortTerm(): void {
    this.shortTermRate = this.shortTermBytes = Infinity
  }

  forgetCongestion(): void {
    this.isLossInRound = false
    this.lossGaps = 0
    this.#latestRate = this.#latestBytes = 0
  }

  /**
   * §5.5.10.2: once per round trip with a loss, down to what was delivered, or by the factor. Unlike in the draft, what
   * the sender held back itself counts as delivered: else every loss by chance would cost that share anew.
   */
  #lowerBounds(windowBytes: number, heldTo: number): void {
    if (this.shortTermRate === Infinity) this.shortTermRate = this.maxRate
    if (this.shortTermBytes === Infinity) this.shortTermBytes = windowBytes
    this.shortTermRate = Math.max(this.#latestRate / heldTo, BETA * this.shortTermRate)
    this.shortTermBytes = Math.max(this.#latestBytes / heldTo, BETA * this.shortTermBytes)
  }

  /** §5.5.9. */
  #noteAggregation(sample: AckSample, windowBytes: number): void {
    let expectedBytes = this.rate * (sample.nowMs - this.#aggregationSinceMs)
    if (this.#aggregatedBytes <= expectedBytes) {
      this.restartAggregation(sample.nowMs)
      expectedBytes = 0
    }
    this.#aggregatedBytes += sample.ackedBytes
    const extraBytes = Math.min(this.#aggregatedBytes - expectedBytes, windowBytes)
    this.#aggregation.update(extraBytes, this.roundCount)
  }
}
