import { describe, expect, it } from 'vitest'
import { HyStart, rttThresholdMs } from '../../../../main/overlay/transport/congestion/hystart.ts'

/** Rounds of ten packets, each acknowledged alone with the same round-trip time. */
function rounds(hystart: HyStart, rttsMs: number[]): void {
  for (const rttMs of rttsMs) {
    const start = delivered
    for (let i = 0; i < 10; i++) hystart.acked(i === 0 ? start : start - 1, ++delivered, rttMs)
  }
}
let delivered = 0

function fresh(): HyStart {
  delivered = 0
  return new HyStart()
}

describe('HyStart++ (RFC 9406)', () => {
  it('allows an eighth of the last round, but from 4 to 16 ms', () => {
    expect([8, 32, 80, 128, 400].map(rttThresholdMs)).toEqual([4, 4, 10, 16, 16])
  })

  it('keeps the full pace while round trips do not grow by the threshold', () => {
    const hystart = fresh()
    rounds(hystart, [40, 44.9, 44.9, 48, 40])
    expect(hystart.growth).toBe(1)
  })

  it('goes on at a quarter of the pace once they do, for five rounds, the one where it begins included', () => {
    const hystart = fresh()
    rounds(hystart, [40, 45])
    expect(hystart.growth).toBe(1 / 4)
    rounds(hystart, [46, 47, 48, 49])
    expect(hystart.isDone).toBe(false)
    rounds(hystart, [50])
    expect(hystart.isDone).toBe(true)
  })

  it('takes up the full pace again where a round is quicker than the one that slowed it', () => {
    const hystart = fresh()
    rounds(hystart, [40, 60, 55])
    expect(hystart.growth).toBe(1)
    expect(hystart.isDone).toBe(false)
  })

  it('judges no round by fewer than eight samples', () => {
    const hystart = fresh()
    rounds(hystart, [40])
    hystart.acked(delivered, delivered + 1, 100)
    for (let i = 0; i < 6; i++) hystart.acked(0, delivered + 2 + i, 100)
    expect(hystart.growth).toBe(1)
    hystart.acked(0, delivered + 9, 100)
    expect(hystart.growth).toBe(1 / 4)
  })
})
