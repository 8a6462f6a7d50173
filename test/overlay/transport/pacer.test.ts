import { describe, expect, it } from 'vitest'
import { Pacer } from '../../../main/overlay/transport/pacer.ts'

const BYTES = 1_000

/** Packets that leave at one moment. */
function burst(pacer: Pacer, rate: number | undefined, nowMs: number, most = 1_000): number {
  let sent = 0
  while (sent < most && pacer.maySend(rate, nowMs)) {
    pacer.sent(BYTES)
    sent++
  }
  return sent
}

describe('pacing', () => {
  it('lets ten packets go at once at most (RFC 9002 §7.7)', () => {
    const pacer = new Pacer(BYTES)
    expect(burst(pacer, 100, 0)).toBe(10)
    expect(burst(pacer, 100, 1_000_000)).toBe(10)
  })

  it('keeps the rate over any time, with wake-ups a millisecond apart at least', () => {
    for (const rate of [100, 1_250, 12_500, 125_000]) {
      const pacer = new Pacer(BYTES)
      let nowMs = 0
      let sent = burst(pacer, rate, nowMs)
      let wakeUps = 0
      while (nowMs < 1_000) {
        const nextMs = pacer.nextMs(rate)
        expect(nextMs - nowMs).toBeGreaterThanOrEqual(1)
        nowMs = nextMs
        wakeUps++
        sent += burst(pacer, rate, nowMs)
      }
      expect(sent / ((rate * nowMs) / BYTES + 10)).toBeCloseTo(1, 1)
      expect(wakeUps).toBeLessThanOrEqual(1_000)
    }
  })

  it('loses nothing of a high rate where a timer comes a millisecond late', () => {
    const pacer = new Pacer(BYTES)
    burst(pacer, 125_000, 0)
    expect(burst(pacer, 125_000, 2)).toBe(250)
  })

  it('holds nothing back while no rate is known', () => {
    const pacer = new Pacer(BYTES)
    expect(burst(pacer, undefined, 0, 50)).toBe(50)
  })
})
