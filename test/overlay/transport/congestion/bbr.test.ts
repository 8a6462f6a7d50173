// The example test cases of the draft's appendix, over one line.

import { describe, expect, it } from 'vitest'
import { Bbr } from '../../../../main/overlay/transport/congestion/bbr.ts'
import { SeededRandom } from '../../../../simulator/kernel/seeded-random.ts'
import { type Line, OnePath, PACKET_BYTES } from './one-path.ts'

/** 10 Mbit/s, 40 ms, and a buffer of two bandwidth-delay products. */
const LINE: Line = { rate: 1_250, rttMs: 40, bufferBytes: 100_000 }
const PIPE_BYTES = LINE.rate * LINE.rttMs

function start(line: Partial<Line> = {}) {
  const bbr = new Bbr(PACKET_BYTES, new SeededRandom(7))
  const path = new OnePath(bbr, { ...LINE, ...line })
  const until = (state: string, forMs = 10_000) => {
    path.run(forMs, () => bbr.state === state)
    expect(bbr.state).toBe(state)
  }
  return { bbr, path, until }
}

/** Every so-manieth packet. */
function oneIn(count: number): (number: number) => boolean {
  return (number) => number % count === 0
}

describe('BBR', () => {
  it('leaves startup when the rate no longer grows, having found it within 2 %', () => {
    const { bbr, path, until } = start()
    until('drain')
    expect(bbr.path.rate / LINE.rate).toBeGreaterThan(0.98)
    expect(bbr.path.rate / LINE.rate).toBeLessThan(1.02)
    expect(bbr.path.minRttMs).toBeCloseTo(LINE.rttMs + PACKET_BYTES / LINE.rate)
    expect(path.nowMs).toBeLessThan(12 * LINE.rttMs)
  })

  it('drains the queue of startup at half the rate, until no more is in flight than the line takes', () => {
    const { bbr, path, until } = start()
    until('drain')
    expect(bbr.pacingRate! / LINE.rate).toBeCloseTo(0.5, 1)
    expect(path.recovery.bytesInFlight).toBeGreaterThan(1.5 * PIPE_BYTES)
    path.run(1_000, () => bbr.state !== 'drain')
    expect(path.recovery.bytesInFlight).toBeLessThan(1.05 * PIPE_BYTES)
    expect(path.recovery.bytesInFlight).toBeGreaterThan(0.9 * PIPE_BYTES)
  })

  it('cruises at the rate without a queue, and probes for more every two to three seconds at most', () => {
    const { bbr, path, until } = start()
    until('cruise')
    expect(bbr.pacingRate! / bbr.path.rate).toBeCloseTo(0.99)
    path.run(500)
    expect(path.queueMs).toBeLessThan(3)
    const cruisedMs = path.nowMs
    until('refill')
    expect(path.nowMs - cruisedMs).toBeLessThan(3_000)
    until('up')
    expect(bbr.pacingRate! / bbr.path.rate).toBeCloseTo(0.99 * 1.25)
    until('down')
    expect(bbr.pacingRate! / bbr.path.rate).toBeCloseTo(0.99 * 0.9)
  })

  it('finds a rate that has doubled, and one that has halved', () => {
    const { bbr, path, until } = start()
    until('cruise')
    path.change({ rate: 2 * LINE.rate, bufferBytes: 200_000 })
    path.run(12_000)
    expect(bbr.path.rate / LINE.rate).toBeGreaterThan(1.9)
    path.change({ rate: LINE.rate })
    path.run(12_000)
    expect(bbr.path.rate / LINE.rate).toBeLessThan(1.1)
  })

  it('comes back after a line that was nearly dead', () => {
    const { path, until } = start()
    until('cruise')
    path.change({ rate: LINE.rate / 1_000, bufferBytes: 10_000 })
    path.run(30_000)
    path.change({ rate: LINE.rate, bufferBytes: LINE.bufferBytes })
    path.run(2_000)
    const before = path.deliveredBytes
    path.run(2_000)
    expect((path.deliveredBytes - before) / (LINE.rate * 2_000)).toBeGreaterThan(0.8)
  })

  it('fills a line that takes less than four packets', () => {
    const { path } = start({ rate: 8, bufferBytes: 20_000 })
    path.run(60_000)
    expect(path.deliveredBytes / (8 * 60_000)).toBeGreaterThan(0.9)
  })

  it('measures the round trip anew every ten seconds, with half a pipe in flight', () => {
    const { bbr, path, until } = start()
    until('cruise')
    path.change({ rttMs: LINE.rttMs + 1 }) // never again as quick as before
    until('probe-rtt', 12_000)
    path.run(150)
    expect(path.recovery.bytesInFlight).toBeLessThan(0.52 * PIPE_BYTES)
    path.run(250)
    expect(bbr.state).toBe('cruise')
    expect(path.recovery.bytesInFlight).toBeGreaterThan(0.9 * PIPE_BYTES)
  })

  it('believes a longer round trip once the shorter one is stale', () => {
    const { bbr, path, until } = start()
    until('cruise')
    path.change({ rttMs: 80 })
    path.run(15_000)
    expect(bbr.path.minRttMs).toBeCloseTo(80, -1)
  })

  it('bounds what is in flight where probing overflows a short buffer', () => {
    const { bbr, path } = start({ bufferBytes: PIPE_BYTES / 4 })
    path.run(10_000)
    expect(bbr.path.longTermBytes).toBeLessThan(1.5 * PIPE_BYTES)
    expect(path.deliveredBytes / (LINE.rate * path.nowMs)).toBeGreaterThan(0.85)
  })

  it.each([
    [1_000, 0.93],
    [50, 0.88],
    [20, 0.75],
  ])('uses a line that loses every %dth packet by chance to %d', (count, share) => {
    const { path } = start({ loses: oneIn(count) })
    path.run(2_000)
    const before = path.deliveredBytes
    path.run(20_000)
    expect((path.deliveredBytes - before) / (LINE.rate * 20_000)).toBeGreaterThan(share)
  })

  it('does not slow down for losses among what a person types', () => {
    const { bbr, path, until } = start()
    until('cruise')
    path.change({ loses: oneIn(3) })
    for (let i = 0; i < 15; i++) {
      path.backlogBytes = PACKET_BYTES
      path.run(100)
    }
    expect(bbr.state).toBe('cruise')
    expect(bbr.pacingRate! / LINE.rate).toBeGreaterThan(0.9)
  })

  it('returns to startup where the losses that ended it were none', () => {
    const { bbr, path } = start({ loses: (number) => number > 100 && number % 10 === 0 })
    path.run(1_000, () => bbr.state === 'drain')
    expect(bbr.state).toBe('drain')
    expect(bbr.path.longTermBytes).toBeLessThan(2 * PIPE_BYTES)
    bbr.lossWasSpurious()
    expect(bbr.state).toBe('startup')
    expect(bbr.path.longTermBytes).toBe(Infinity)
  })

  it('falls to four packets on persistent congestion and comes back', () => {
    const { bbr, path, until } = start()
    until('cruise')
    bbr.persistentlyCongested()
    expect(bbr.windowBytes).toBe(4 * PACKET_BYTES)
    path.run(500)
    expect(bbr.windowBytes).toBeGreaterThan(PIPE_BYTES)
  })
})
