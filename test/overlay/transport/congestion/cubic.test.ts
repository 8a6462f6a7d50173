import { describe, expect, it } from 'vitest'
import { AckSample } from '../../../../main/overlay/transport/congestion/ack-sample.ts'
import {
  CUBIC_BETA,
  RENO_FRIENDLY_ALPHA,
  convergedMax,
  cubicRiseSeconds,
  cubicWindow,
} from '../../../../main/overlay/transport/congestion/cubic-curve.ts'
import { Cubic } from '../../../../main/overlay/transport/congestion/cubic.ts'
import { SentPacket } from '../../../../main/overlay/transport/congestion/sent-packet.ts'

const BYTES = 1_000

function packetSentAt(sentMs: number): SentPacket {
  return Object.assign(new SentPacket(), { sentMs, bytes: BYTES })
}

/** A path without a queue: one round trip after another, each packet acknowledged alone, one lost in every `period`. */
class Rounds {
  readonly cubic = new Cubic(BYTES)
  readonly rttMs: number
  nowMs = 0
  #sample = new AckSample()
  #sent = 0

  constructor(rttMs: number) {
    this.rttMs = rttMs
  }

  get segments(): number {
    return this.cubic.windowBytes / BYTES
  }

  /** One round trip; the packet whose count is a multiple of `period` is lost. */
  round(period = Infinity, isLimiting = true): void {
    const packets = Math.floor(this.segments)
    for (let i = 0; i < packets; i++) {
      const sentMs = this.nowMs + (i / packets) * this.rttMs
      if (++this.#sent % period === 0) this.cubic.lost(packetSentAt(sentMs), BYTES, sentMs + this.rttMs)
      else this.#ack(sentMs, isLimiting)
    }
    this.nowMs += this.rttMs
  }

  lose(): void {
    this.cubic.lost(packetSentAt(this.nowMs), BYTES, this.nowMs)
  }

  #ack(sentMs: number, isLimiting: boolean): void {
    const sample = this.#sample
    sample.nowMs = sentMs + this.rttMs
    sample.newestSentMs = sentMs
    sample.ackedBytes = BYTES
    sample.priorDeliveredBytes = sample.deliveredBytes
    sample.deliveredBytes += BYTES
    sample.smoothedRttMs = sample.rttMs = this.rttMs
    sample.isLimiting = isLimiting
    this.cubic.acked(sample)
  }
}

describe('the curve (RFC 9438 §4.2)', () => {
  it('begins at beta times the last window, and is flat at it after K', () => {
    const seconds = cubicRiseSeconds(100, 100 * CUBIC_BETA)
    expect(seconds).toBeCloseTo(Math.cbrt(30 / 0.4))
    expect(cubicWindow(0, seconds, 100)).toBeCloseTo(70)
    expect(cubicWindow(seconds, seconds, 100)).toBe(100)
    expect(cubicWindow(seconds + 1, seconds, 100)).toBeCloseTo(100.4)
    expect(cubicRiseSeconds(100, 100)).toBe(0)
  })

  it('grows like Reno with alpha = 3 (1 - beta) / (1 + beta)', () => {
    expect(RENO_FRIENDLY_ALPHA).toBeCloseTo(9 / 17)
  })

  it('aims lower where the last window was not reached again (fast convergence, §4.7)', () => {
    expect(convergedMax(80, 100)).toBeCloseTo(68)
    expect(convergedMax(120, 100)).toBe(120)
  })
})

describe('CUBIC', () => {
  it('doubles per round trip at first', () => {
    const path = new Rounds(100)
    path.round()
    expect(path.segments).toBe(20)
    path.round()
    expect(path.segments).toBe(40)
  })

  it('keeps 0.7 of the window once per loss episode, and follows the curve back to it', () => {
    const path = new Rounds(100)
    for (let i = 0; i < 4; i++) path.round()
    expect(path.segments).toBe(160)
    path.lose()
    path.lose()
    expect(path.segments).toBeCloseTo(112)
    const rise = cubicRiseSeconds(160, 112)
    path.nowMs += 1
    for (let i = 0; i < Math.round(rise * 10); i++) path.round()
    expect(path.segments).toBeGreaterThan(157)
    expect(path.segments).toBeLessThan(163)
  })

  // Average window for a loss rate, RFC 9438 table 1 (round trip 0.1 s, C = 0.4); the first two are Reno's region.
  it.each([
    [1e-2, 12],
    [1e-3, 38],
    [1e-4, 187],
    [1e-5, 1_054],
  ])('has at a loss rate of %d an average window of %d', (rate, expected) => {
    const path = new Rounds(100)
    let rounds = 0
    let sum = 0
    while (path.segments < expected) path.round()
    path.lose()
    path.nowMs += 1
    for (let sent = 0; sent < 14 / rate; sent += path.segments) {
      path.round(Math.round(1 / rate))
      if (sent < 4 / rate) continue
      rounds++
      sum += path.segments
    }
    expect(sum / rounds).toBeGreaterThan(0.88 * expected)
    expect(sum / rounds).toBeLessThan(1.12 * expected)
  })

  it('does not grow while it is not used, nor counts that time (RFC 9002 §7.8, RFC 9438 §5.8)', () => {
    const path = new Rounds(100)
    path.round(Infinity, false)
    expect(path.segments).toBe(10)
    for (let i = 0; i < 3; i++) path.round()
    path.lose()
    path.nowMs += 1
    path.round()
    const before = path.segments
    for (let i = 0; i < 100; i++) path.round(Infinity, false)
    path.round()
    expect(path.segments - before).toBeLessThan(10)
  })

  it('falls to two packets on persistent congestion, and slow-starts up to where the loss began', () => {
    const path = new Rounds(100)
    for (let i = 0; i < 3; i++) path.round()
    path.lose()
    path.cubic.persistentlyCongested()
    expect(path.segments).toBe(2)
    path.nowMs += 1
    for (let i = 0; i < 4; i++) path.round()
    expect(path.segments).toBe(32)
    for (let i = 0; i < 2; i++) path.round()
    expect(path.segments).toBeLessThan(60)
  })

  it('takes a reduction back that was no loss (RFC 9438 §4.9)', () => {
    const path = new Rounds(100)
    for (let i = 0; i < 3; i++) path.round()
    path.lose()
    expect(path.segments).toBeCloseTo(56)
    path.cubic.lossWasSpurious()
    expect(path.segments).toBe(80)
    path.nowMs += 1
    path.round()
    expect(path.segments).toBe(160)
    path.cubic.lossWasSpurious()
    expect(path.segments).toBe(160)
  })

  it('is paced at twice the window per round trip in slow start, and 1.25 times after', () => {
    const path = new Rounds(100)
    expect(path.cubic.pacingRate).toBeUndefined()
    path.round()
    expect(path.cubic.pacingRate).toBeCloseTo((2 * 20 * BYTES) / 100)
    path.lose()
    expect(path.cubic.pacingRate).toBeCloseTo((1.25 * 14 * BYTES) / 100)
  })
})
