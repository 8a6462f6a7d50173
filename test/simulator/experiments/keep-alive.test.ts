import { describe, expect, it } from 'vitest'
import { FIXED_MS, idleFor, TIMEOUTS_SECONDS } from '../../../simulator/experiments/keep-alive.ts'

/** Long enough that the measurement is over for an hour and more; the experiment takes a day. */
const MS = 2 * 3_600_000
const MOST_SHARE: Record<number, number> = { 20: 1 / 3, 60: 1 / 5, 180: 1 / 10 }
/** The measurement itself by two sockets, once in each network: some four minutes of a fixed keep-alive of 5 s for two sessions. */
const MEASURING_PACKETS = 230

describe('an idle session behind a router that forgets', () => {
  it.each(TIMEOUTS_SECONDS)('after %i s is kept with a fraction of the packets', async (seconds) => {
    const measured = await idleFor(MS, seconds, 7)
    const fixed = await idleFor(MS, seconds, 7, FIXED_MS)
    console.log(
      `${seconds} s: every ${measured.keepAliveMs} ms, ${measured.packets} packets instead of ${fixed.packets}`,
    )
    expect([measured.lost, fixed.lost]).toEqual([0, 0])
    expect(measured.keepAliveMs).toBeLessThan(1000 * seconds)
    expect(measured.packets - MEASURING_PACKETS).toBeLessThanOrEqual(MOST_SHARE[seconds]! * fixed.packets)
  })

  it.each(TIMEOUTS_SECONDS)('after %i s is kept where the peers have called, too', async (seconds) => {
    const called = await idleFor(MS, seconds, 7, undefined, 'called')
    const fixed = await idleFor(MS, seconds, 7, FIXED_MS)
    console.log(`${seconds} s, called: every ${called.keepAliveMs} ms, ${called.packets} packets`)
    expect(called.lost).toBe(0)
    expect(called.packets - MEASURING_PACKETS).toBeLessThanOrEqual(MOST_SHARE[seconds]! * fixed.packets)
  })

  it('is lost again and again by a keep-alive that is too long: that is what is counted', async () => {
    const { lost } = await idleFor(600_000, 20, 7, 25_000)
    expect(lost).toBeGreaterThan(20)
  })
})
