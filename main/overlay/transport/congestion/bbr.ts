// BBR, version 3 (draft-ietf-ccwg-bbr-04): the law for what a person waits for. It does not wait for a loss, it measures: the
// rate of the narrowest place and the round trip without a queue; their product is what the line takes in flight, and what it
// sends leaves at that rate. A loss by chance therefore costs little, and a deep buffer stays nearly empty.
//
//   startup -> drain -> down -> cruise -> refill -> up --,
//                        ^                               |      from all of them, where the least round trip is
//                        '-------------------------------'      stale: probe-rtt, and back to cruise (or startup)
//
// Three differences from the draft, all for losses that no queue has caused. Rounds in which the application had nothing to
// send lower no bound on a loss: they say what a person types, not what the path carries, and a file sent afterwards would
// start at that rate. What the sender itself holds back counts as delivered when a loss lowers the short-term bounds. And
// what is lost while no queue stands raises the loss rate that probing may cost (bbr-model.ts).

import { type Random } from '../../ports/random.ts'
import { type AckSample } from './ack-sample.ts'
import { BETA, BbrModel } from './bbr-model.ts'
import { type CongestionControl, initialWindowBytes } from './congestion-control.ts'
import { type SentPacket } from './sent-packet.ts'

type State = 'startup' | 'drain' | 'down' | 'cruise' | 'refill' | 'up' | 'probe-rtt'

/** §5.6.1: in each state the rate relative to the path's, and the window relative to the bandwidth-delay product. */
const GAINS: Record<State, { pacing: number; window: number }> = {
  startup: { pacing: 2.77, window: 2 },
  drain: { pacing: 0.5, window: 2 },
  down: { pacing: 0.9, window: 2 },
  cruise: { pacing: 1, window: 2 },
  refill: { pacing: 1, window: 2 },
  up: { pacing: 1.25, window: 2.25 },
  'probe-rtt': { pacing: 1, window: 0.5 },
}
/** §2.5: pace so much below the rate, so that no queue stands. */
const PACING_MARGIN = 0.99
/** §2.8: room left below the bound that probing has found, for others. */
const HEADROOM = 0.15
/** §2.7. */
const MINIMUM_PACKETS = 4
/** §5.3.1.2: the rate still grows where a round brings a quarter more; after three that do not, the pipe is full. */
const GROWTH = 1.25
const FLAT_ROUNDS = 3
/** §5.3.1.3. */
const STARTUP_LOSS_GAPS = 6
/** §5.3.2. */
const DRAIN_ROUNDS = 3
/** §5.3.3.6: between two probes 2 to 3 seconds, or as many round trips as Reno takes to grow by half, 63 at most. */
const PROBE_WAIT_MS = 2_000
const PROBE_WAIT_SPREAD_MS = 1_000
const RENO_ROUNDS = 63
/** §5.3.3.7: the bound rises by 1, 2, 4 ... packets per round trip of probing. */
const MAX_SLOPE_DOUBLINGS = 30
/** §2.14. */
const PROBE_RTT_MS = 200
/**
 * Chosen, in place of §5.5.8's offload budget: on a path shorter than this the computers take longer than the wire: a timer's
 * tick, a turn of a busy event loop, an ack that waits. So much has to be under way besides.
 */
const HOST_DELAY_MS = 10

export class Bbr implements CongestionControl {
  #packetBytes: number
  readonly #model = new BbrModel()
  #state: State = 'startup'
  #windowBytes: number
  #priorWindowBytes = 0 // the last one that neither loss nor probe-rtt had cut
  #pacingRate: number | undefined
  #deliveredBytes = 0
  readonly #random: Random
  // the full-pipe estimator
  #isPipeFull = false // it ever was
  #isPlateau = false // in this probe
  #fullRate = 0
  #flatRounds = 0
  // the probing cycle
  #drainRound = 0
  #cycleAtMs = 0
  #probeWaitMs = 0
  #roundsSinceProbe = 0
  #feedback: 'none' | 'refilling' | 'starting' | 'probing' | 'stopping' = 'none'
  #isProbeSample = false
  #wasProbeTooHigh = false
  #wasPrecautionary = false
  #slopeDoublings = 0
  #ackedPerStep = Infinity
  #stepCredit = 0
  // probe-rtt
  #probeRttWindowBytes = 0
  #probeRttUntilMs: number | undefined
  #isProbeRttRoundDone = false
  #isRestarting = false
  #undoState: 'startup' | 'up' | undefined

  /** `random` spreads the times of probing, so that no two sessions probe in step. */
  constructor(packetBytes: number, random: Random) {
    this.#packetBytes = packetBytes
    this.#windowBytes = initialWindowBytes(packetBytes)
    this.#random = random
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get pacingRate(): number | undefined {
    return this.#pacingRate
  }

  get state(): State {
    return this.#state
  }

  /** Bytes per millisecond, and milliseconds, that the path is believed to have. */
  get path(): { rate: number; minRttMs: number; longTermBytes: number } {
    const { maxRate, minRttMs, longTermBytes } = this.#model
    return { rate: maxRate, minRttMs, longTermBytes }
  }

  /** §5.4: a session that was idle goes on at the path's rate, and its pause has drained the queue. */
  sent(packet: SentPacket, bytesInFlight: number, nowMs: number): void {
    if (bytesInFlight > 0 || !packet.isAppLimited) return
    this.#isRestarting = true
    this.#model.restartAggregation(nowMs)
    if (this.#isProbingBandwidth) this.#setPacingRate(1)
    else if (this.#state === 'probe-rtt') this.#endProbeRtt(nowMs)
  }

  acked(sample: AckSample): void {
    const model = this.#model
    this.#deliveredBytes = sample.deliveredBytes
    model.acked(sample, this.#heldTo, this.#windowBytes)
    if (model.isRoundStart) this.#roundsSinceProbe++
    this.#lookForPlateau(sample)
    this.#endStartup(sample)
    this.#endDrain(sample)
    if (this.#isPipeFull && !this.#adaptLongTerm(sample)) this.#moveOn(sample)
    this.#updateMinRtt(sample)
    this.#probeRtt(sample)
    model.advance(sample)
    this.#initialRate(sample)
    this.#setPacingRate(GAINS[this.#state].pacing)
    this.#setWindow(sample)
  }

  lost(packet: SentPacket, lostSinceBytes: number, nowMs: number): void {
    if (!this.#model.isLossInRound) {
      this.#saveWindow()
      this.#undoState = undefined
    }
    this.#model.lost(packet, this.#deliveredBytes)
    const threshold = this.#model.lossThreshold
    if (!this.#isProbeSample || lostSinceBytes <= packet.inFlightBytes * threshold) return
    const beforeBytes = packet.inFlightBytes - packet.bytes
    const lostBeforeBytes = lostSinceBytes - packet.bytes
    // Where within this packet the loss rate went over the threshold (§5.5.10.1).
    const prefixBytes = (threshold * beforeBytes - lostBeforeBytes) / (1 - threshold)
    this.#tooMuchInFlight(beforeBytes + prefixBytes, packet.isAppLimited, nowMs)
  }

  /** §5.5.11. */
  lossWasSpurious(): void {
    this.#model.lossWasSpurious()
    this.#restoreWindow()
    this.#restartPlateau(0)
    const undo = this.#undoState
    this.#undoState = undefined
    if (undo === 'startup' && this.#state !== 'startup') {
      this.#isPipeFull = false
      if (this.#state !== 'probe-rtt') this.#state = 'startup'
    } else if (undo === 'up' && this.#state !== 'up' && this.#state !== 'probe-rtt') this.#refill()
  }

  /** §5.6.4.4: to the least; acks bring it back by as much as they acknowledge. */
  persistentlyCongested(): void {
    this.#saveWindow()
    this.#windowBytes = this.#minimumBytes
  }

  setPacketBytes(packetBytes: number): void {
    this.#packetBytes = packetBytes
    this.#windowBytes = Math.max(this.#windowBytes, this.#minimumBytes)
  }

  get #minimumBytes(): number {
    return MINIMUM_PACKETS * this.#packetBytes
  }

  get #isProbingBandwidth(): boolean {
    const state = this.#state
    return state === 'down' || state === 'cruise' || state === 'refill' || state === 'up'
  }

  /** The share of the path's rate that it sends at, where it does not try for more. Drain empties a queue: that goes at full rate. */
  get #heldTo(): number | undefined {
    if (this.#state === 'startup' || this.#state === 'refill' || this.#state === 'up') return undefined
    return this.#state === 'down' ? GAINS.down.pacing * PACING_MARGIN : PACING_MARGIN
  }

  // The end of startup.

  #lookForPlateau(sample: AckSample): void {
    if (this.#isPlateau || !this.#model.isRoundStart || sample.isAppLimited) return
    if (sample.deliveryRate >= this.#fullRate * GROWTH) return this.#restartPlateau(sample.deliveryRate)
    if (++this.#flatRounds < FLAT_ROUNDS) return
    this.#isPlateau = this.#isPipeFull = true
  }

  #restartPlateau(rate: number): void {
    this.#fullRate = rate
    this.#flatRounds = 0
    this.#isPlateau = false
  }

  #endStartup(sample: AckSample): void {
    if (this.#state !== 'startup') return
    if (this.#isLossyStart(sample)) {
      this.#undoState = 'startup'
      this.#isPipeFull = true
      this.#model.longTermBytes = Math.max(this.#model.pipeBytes, this.#model.latestBytes)
    }
    if (!this.#isPipeFull) return
    this.#state = 'drain'
    this.#drainRound = this.#model.roundCount
  }

  #isLossyStart(sample: AckSample): boolean {
    const { isLossRoundStart, isLossInRound, lossGaps } = this.#model
    const isLossy = isLossRoundStart && isLossInRound && lossGaps >= STARTUP_LOSS_GAPS
    return isLossy && this.#model.isTooMuch(sample)
  }

  #endDrain(sample: AckSample): void {
    if (this.#state !== 'drain') return
    const isLate = this.#model.roundCount > this.#drainRound + DRAIN_ROUNDS
    if (isLate || sample.bytesInFlight <= this.#inFlightBytes(1)) this.#goDown(sample.nowMs)
  }

  // The probing cycle.

  #goDown(nowMs: number): void {
    this.#model.forgetCongestion()
    this.#ackedPerStep = Infinity
    this.#roundsSinceProbe = this.#random.unit() < 0.5 ? 0 : 1
    this.#probeWaitMs = PROBE_WAIT_MS + this.#random.unit() * PROBE_WAIT_SPREAD_MS
    this.#cycleAtMs = nowMs
    this.#feedback = 'stopping'
    this.#model.startRound(this.#deliveredBytes)
    this.#state = 'down'
  }

  #refill(): void {
    this.#model.forgetShortTerm()
    this.#slopeDoublings = 0
    this.#stepCredit = 0
    this.#wasPrecautionary = false
    this.#feedback = 'refilling'
    this.#model.startRound(this.#deliveredBytes)
    this.#state = 'refill'
  }

  #goUp(sample: AckSample): void {
    this.#isProbeSample = true
    this.#feedback = 'starting'
    this.#model.startRound(this.#deliveredBytes)
    this.#restartPlateau(sample.deliveryRate)
    this.#state = 'up'
    this.#raiseSlope()
  }

  #moveOn(sample: AckSample): void {
    switch (this.#state) {
      case 'down':
        if (this.#isProbeTime(sample.nowMs)) this.#refill()
        else if (this.#hasDrained(sample)) this.#state = 'cruise'
        return
      case 'cruise':
        if (this.#model.isRoundStart) this.#model.noteQuietLoss(sample)
        if (this.#isProbeTime(sample.nowMs)) this.#refill()
        return
      case 'refill':
        if (this.#model.isRoundStart) this.#goUp(sample)
        return
      case 'up':
        if (!this.#hasProbedEnough(sample)) return
        this.#wasProbeTooHigh = false
        this.#goDown(sample.nowMs)
    }
  }

  #isProbeTime(nowMs: number): boolean {
    if (nowMs > this.#cycleAtMs + this.#probeWaitMs) return true
    const renoRounds = Math.min(this.#targetBytes / this.#packetBytes, RENO_ROUNDS)
    return this.#roundsSinceProbe >= renoRounds
  }

  #hasDrained({ bytesInFlight }: AckSample): boolean {
    return bytesInFlight <= this.#bytesWithHeadroom && bytesInFlight <= this.#inFlightBytes(1)
  }

  #hasProbedEnough(sample: AckSample): boolean {
    const { longTermBytes } = this.#model
    if (this.#wasProbeTooHigh && sample.bytesInFlight >= longTermBytes) {
      this.#wasPrecautionary = true
      return true
    }
    if (!sample.isWindowFull || this.#windowBytes < longTermBytes) return this.#isPlateau
    this.#restartPlateau(sample.deliveryRate) // the bound held the rate down, so its standing still says nothing
    return false
  }

  /** §5.3.3.7: the bounds follow what probing shows. Returns true where that has begun another probe. */
  #adaptLongTerm(sample: AckSample): boolean {
    const model = this.#model
    if (this.#feedback === 'starting' && model.isRoundStart) this.#feedback = 'probing'
    if (this.#feedback === 'stopping' && model.isRoundStart) {
      this.#isProbeSample = false
      this.#feedback = 'none'
      if (this.#isProbingBandwidth && !sample.isAppLimited) model.advanceCycle()
      if (this.#isProbingBandwidth && this.#wasPrecautionary && !this.#wasProbeTooHigh) {
        this.#refill()
        return true
      }
    }
    if (model.longTermBytes === Infinity || this.#model.isTooMuch(sample)) return false
    model.longTermBytes = Math.max(model.longTermBytes, sample.inFlightBytes)
    if (this.#state === 'up') this.#raiseLongTerm(sample)
    return false
  }

  #raiseLongTerm(sample: AckSample): void {
    if (!sample.isWindowFull || this.#windowBytes < this.#model.longTermBytes) return
    this.#stepCredit += sample.ackedBytes
    const steps = Math.floor(this.#stepCredit / this.#ackedPerStep)
    if (steps > 0) {
      this.#stepCredit -= steps * this.#ackedPerStep
      this.#model.longTermBytes += steps * this.#packetBytes
    }
    if (this.#model.isRoundStart) this.#raiseSlope()
  }

  #raiseSlope(): void {
    const stepsPerRound = 2 ** this.#slopeDoublings
    this.#slopeDoublings = Math.min(this.#slopeDoublings + 1, MAX_SLOPE_DOUBLINGS)
    this.#ackedPerStep = Math.max(this.#windowBytes / stepsPerRound, this.#packetBytes)
  }

  /** Once per probe. */
  #tooMuchInFlight(bytes: number, isAppLimited: boolean, nowMs: number): void {
    this.#wasProbeTooHigh = true
    this.#isProbeSample = false
    if (!isAppLimited) this.#model.longTermBytes = Math.max(bytes, this.#targetBytes * BETA)
    if (this.#state !== 'up') return
    this.#undoState = 'up'
    this.#goDown(nowMs)
  }

  // The least round trip.

  #updateMinRtt(sample: AckSample): void {
    const pipeBytes = this.#model.pipeBytes // of the round trip that is stale, before a longer one replaces it
    this.#model.updateMinRtt(sample)
    if (this.#model.isMinRttExpired && this.#state !== 'probe-rtt')
      this.#probeRttWindowBytes = Math.max(GAINS['probe-rtt'].window * pipeBytes, this.#minimumBytes)
  }

  #probeRtt(sample: AckSample): void {
    if (this.#state !== 'probe-rtt' && this.#model.isMinRttExpired && !this.#isRestarting) {
      this.#saveWindow()
      this.#state = 'probe-rtt'
      this.#probeRttUntilMs = undefined
      this.#feedback = 'stopping'
      this.#model.startRound(this.#deliveredBytes)
    }
    if (this.#state === 'probe-rtt') this.#drainForRtt(sample)
    this.#isRestarting = false
  }

  #drainForRtt(sample: AckSample): void {
    if (this.#probeRttUntilMs !== undefined) {
      if (this.#model.isRoundStart) this.#isProbeRttRoundDone = true
      if (this.#isProbeRttRoundDone) this.#endProbeRtt(sample.nowMs)
    } else if (sample.bytesInFlight <= this.#probeRttWindowBytes) {
      this.#probeRttUntilMs = sample.nowMs + PROBE_RTT_MS
      this.#isProbeRttRoundDone = false
      this.#model.startRound(this.#deliveredBytes)
    }
  }

  #endProbeRtt(nowMs: number): void {
    if (this.#probeRttUntilMs === undefined || nowMs <= this.#probeRttUntilMs) return
    this.#model.renewMinRtt(nowMs)
    this.#restoreWindow()
    this.#model.forgetShortTerm()
    if (!this.#isPipeFull) {
      this.#state = 'startup'
      return
    }
    this.#goDown(nowMs)
    this.#state = 'cruise'
  }

  // The two answers.

  /** §5.6.2: before a rate was measured, the initial window per round trip. */
  #initialRate(sample: AckSample): void {
    if (this.#pacingRate !== undefined || sample.smoothedRttMs === 0) return
    const windowBytes = initialWindowBytes(this.#packetBytes)
    this.#pacingRate = (GAINS.startup.pacing * windowBytes) / sample.smoothedRttMs
  }

  #setPacingRate(gain: number): void {
    const rate = gain * this.#model.rate * PACING_MARGIN
    if (rate > 0 && (this.#isPipeFull || rate > (this.#pacingRate ?? Infinity))) this.#pacingRate = rate
  }

  #setWindow(sample: AckSample): void {
    const gain = GAINS[this.#state].window
    const wantedBytes = this.#inFlightBytes(gain, this.#model.aggregatedBytes(this.#isPipeFull))
    const grownBytes = this.#windowBytes + sample.ackedBytes
    const isNew = sample.deliveredBytes < initialWindowBytes(this.#packetBytes)
    if (this.#isPipeFull) this.#windowBytes = Math.min(grownBytes, wantedBytes)
    else if (this.#windowBytes < wantedBytes || isNew) this.#windowBytes = grownBytes
    if (this.#state === 'probe-rtt')
      this.#windowBytes = Math.min(this.#windowBytes, this.#probeRttWindowBytes)
    const boundBytes = Math.min(this.#longTermBound, this.#model.shortTermBytes)
    this.#windowBytes = Math.max(Math.min(this.#windowBytes, boundBytes), this.#minimumBytes)
  }

  get #longTermBound(): number {
    if (this.#state === 'cruise' || this.#state === 'probe-rtt') return this.#bytesWithHeadroom
    return this.#isProbingBandwidth ? this.#model.longTermBytes : Infinity
  }

  get #bytesWithHeadroom(): number {
    const { longTermBytes } = this.#model
    const headroomBytes = Math.max(this.#packetBytes, HEADROOM * longTermBytes)
    return longTermBytes === Infinity ? Infinity : Math.max(longTermBytes - headroomBytes, this.#minimumBytes)
  }

  /** So many bandwidth-delay products, and room for what leaves in one go. */
  #inFlightBytes(gain: number, extraBytes = 0): number {
    if (this.#model.minRttMs === Infinity) return initialWindowBytes(this.#packetBytes)
    const hostBytes = this.#isPipeFull ? this.#model.rate * HOST_DELAY_MS : 0
    const bytes = Math.max(gain * this.#model.pipeBytes + extraBytes, hostBytes, this.#minimumBytes)
    return this.#state === 'up' ? bytes + 2 * this.#packetBytes : bytes
  }

  get #targetBytes(): number {
    return Math.min(this.#model.pipeBytes, this.#windowBytes)
  }

  #saveWindow(): void {
    const isCut = this.#model.isLossInRound || this.#state === 'probe-rtt'
    this.#priorWindowBytes = isCut ? Math.max(this.#priorWindowBytes, this.#windowBytes) : this.#windowBytes
  }

  #restoreWindow(): void {
    this.#windowBytes = Math.max(this.#windowBytes, this.#priorWindowBytes)
  }
}
