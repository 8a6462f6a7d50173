import { describe, expect, it } from 'vitest'
import { Ledbat, ledbatGain, ledbatStep } from '../../../../main/overlay/transport/congestion/ledbat.ts'
import { takePacket } from '../../../../main/overlay/transport/congestion/sent-packet.ts'
import { OnePath, PACKET_BYTES } from './one-path.ts'

/** 10 Mbit/s, 40 ms, and a buffer of 400 ms: a home's uplink. */
const LINE = { rate: 1_250, rttMs: 40, bufferBytes: 500_000 }

/** The longest queue in a time, in milliseconds, and the share of the line used in it. */
function watch(path: OnePath, forMs: number): { queueMs: number; share: number } {
  let queueMs = 0
  const before = path.deliveredBytes
  path.run(forMs, () => {
    queueMs = Math.max(queueMs, path.queueMs)
    return false
  })
  return { queueMs, share: (path.deliveredBytes - before) / (LINE.rate * forMs) }
}

describe('LEDBAT++', () => {
  it('grows by 1/min(16, ceil(2 target / base)) packets per round trip (draft §4.2)', () => {
    expect([1, 10, 40, 60, 100, 200].map(ledbatGain)).toEqual([1 / 16, 1 / 12, 1 / 3, 1 / 2, 1 / 2, 1])
  })

  it('shrinks in proportion to what the queue is above 60 ms, by half at most (§4.4)', () => {
    expect(ledbatStep(40, 60, 0.5)).toBe(0.5)
    expect(ledbatStep(40, 66, 0.5)).toBeCloseTo(0.5 - 4)
    expect(ledbatStep(40, 300, 0.5)).toBe(-20)
  })

  it('uses an empty line, with a queue that stays under 110 ms', () => {
    const path = new OnePath(new Ledbat(PACKET_BYTES), LINE)
    watch(path, 20_000)
    const { queueMs, share } = watch(path, 60_000)
    expect(queueMs).toBeLessThan(110)
    expect(share).toBeGreaterThan(0.8)
  })

  it('falls silent from time to time, a tenth of the time at most', () => {
    const ledbat = new Ledbat(PACKET_BYTES)
    const path = new OnePath(ledbat, LINE)
    path.run(20_000)
    let silentMs = 0
    let slowdowns = 0
    let lastMs = path.nowMs
    let wasSilent = false
    path.run(60_000, () => {
      const isSilent = ledbat.windowBytes === 2 * PACKET_BYTES
      if (isSilent) silentMs += path.nowMs - lastMs
      if (isSilent && !wasSilent) slowdowns++
      wasSilent = isSilent
      lastMs = path.nowMs
      return false
    })
    expect(slowdowns).toBeGreaterThanOrEqual(2)
    expect(silentMs / 60_000).toBeLessThan(0.1)
  })

  it('halves once per loss episode, and takes that back where there was no loss', () => {
    const ledbat = new Ledbat(PACKET_BYTES)
    const path = new OnePath(ledbat, LINE)
    path.run(5_000)
    const before = ledbat.windowBytes
    const packet = takePacket(1_000_000, PACKET_BYTES, [], path.nowMs)
    ledbat.lost(packet, PACKET_BYTES, path.nowMs + 1)
    ledbat.lost(packet, PACKET_BYTES, path.nowMs + 2)
    expect(ledbat.windowBytes).toBe(before / 2)
    ledbat.lossWasSpurious()
    expect(ledbat.windowBytes).toBe(before)
  })
})
