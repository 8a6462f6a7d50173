import { describe, expect, it } from 'vitest'
import {
  Admission,
  MAX_HALF_OPEN,
  type Verdict,
  addressRangeOf,
} from '../../../main/overlay/transport/admission.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

function admissionOf(handshakesPerSecond: number) {
  const queue = new EventQueue()
  const admission = new Admission({ clock: new VirtualClock(queue), handshakesPerSecond })
  return { admission, at: (ms: number) => queue.runUntil(ms) }
}

/** How often each verdict comes in so many calls. */
function tally(calls: number, verdictOf: (call: number) => Verdict): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {}
  for (let call = 0; call < calls; call++) {
    const verdict = verdictOf(call)
    counts[verdict] = (counts[verdict] ?? 0) + 1
  }
  return counts
}

describe('admission', () => {
  it('lets a quarter of the rate in without a token, and asks the others for one', async () => {
    const { admission, at } = admissionOf(200)
    expect(tally(1_000, () => admission.unproven(0))).toEqual({ compute: 100, 'ask-for-token': 900 })
    await at(1_000)
    expect(tally(1_000, () => admission.unproven(0))).toEqual({ compute: 50, 'ask-for-token': 950 })
  })

  it('keeps what is for the proven from the unproven, and the other way round', () => {
    const { admission } = admissionOf(200)
    tally(1_000, () => admission.unproven(0))
    const proven = tally(1_000, (i) => admission.proven({ host: `10.0.${i >> 4}.1`, port: i }, 0))
    expect(proven).toEqual({ compute: 400, 'handshake-limit': 600 })
  })

  it('gives one address range an eighth, whatever its ports and hosts are', async () => {
    const { admission, at } = admissionOf(200)
    const one = { compute: 50, 'source-limit': 950 }
    expect(tally(1_000, (port) => admission.proven({ host: '192.0.2.1', port }, 0))).toEqual(one)
    const hostOf = (i: number) => `2001:db8:0:7:${i.toString(16)}::${(i % 7) + 1}`
    expect(tally(1_000, (i) => admission.proven({ host: hostOf(i), port: 1 }, 0))).toEqual(one)
    expect(admission.proven({ host: '192.0.2.2', port: 1 }, 0)).toBe('compute')
    expect(admission.proven({ host: '2001:db8:0:8::1', port: 1 }, 0)).toBe('compute')
    await at(1_000)
    expect(tally(1_000, (port) => admission.proven({ host: '192.0.2.1', port }, 0)).compute).toBe(25)
  })

  it('knows no ranges on loopback, where everybody is one computer', () => {
    const { admission } = admissionOf(200)
    const local = tally(1_000, (port) => admission.proven({ host: '127.0.0.1', port }, 0))
    expect(local).toEqual({ compute: 400, 'handshake-limit': 600 })
  })

  it('asks sooner, and then admits nobody, as handshakes stay unfinished', () => {
    const { admission } = admissionOf(200)
    const from = { host: '192.0.2.1', port: 1 }
    expect(admission.unproven(MAX_HALF_OPEN / 2 - 1)).toBe('compute')
    expect(admission.unproven(MAX_HALF_OPEN / 2)).toBe('ask-for-token')
    expect(admission.proven(from, MAX_HALF_OPEN - 1)).toBe('compute')
    expect(admission.proven(from, MAX_HALF_OPEN)).toBe('half-open-limit')
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '20010db800000000'],
    ['2001:db8:0:1:ffff::', '20010db800000001'],
    ['::1', '0000000000000000'],
    // Through a relay: one range for each relay, whatever the circuit.
    ['100::3:0:7', '010000000000000000000003'],
    ['100::3:0:8', '010000000000000000000003'],
    ['100::4:0:7', '010000000000000000000004'],
  ])('takes the owner of %s for %s', (host, range) => {
    expect(addressRangeOf({ host, port: 1 })).toBe(range)
  })
})
