import { describe, expect, it } from 'vitest'
import { Cubic } from '../../../main/overlay/transport/congestion/cubic.ts'
import { LossRecovery } from '../../../main/overlay/transport/loss-recovery.ts'
import { SendingPath } from '../../../main/overlay/transport/sending-path.ts'
import { RoundTrip } from '../../../main/overlay/transport/round-trip.ts'

const BYTES = 1_200

/** A recovery that has sent packets 0 to n - 1, one per millisecond, and notes what becomes of each. */
function sentPackets(n: number) {
  const congestion = new Cubic(BYTES)
  const recovery = new LossRecovery(new SendingPath(congestion, 1_200))
  const fates: string[] = Array<string>(n).fill('')
  for (let i = 0; i < n; i++)
    recovery.sent(BYTES, [{ acked: () => (fates[i] += 'acked '), lost: () => (fates[i] += 'lost ') }], i)
  const ack = (first: number, last: number, nowMs: number) => recovery.acked([{ first, last }], 0, nowMs)
  return { congestion, recovery, fates, ack }
}

describe('loss detection', () => {
  it('calls a packet lost that three later ones have overtaken (RFC 9002 §6.1.1)', () => {
    const { fates, ack, recovery } = sentPackets(6)
    ack(1, 2, 50)
    expect(fates).toEqual(['', 'acked ', 'acked ', '', '', ''])
    ack(3, 3, 50)
    expect(fates).toEqual(['lost ', 'acked ', 'acked ', 'acked ', '', ''])
    expect(recovery.packetsInFlight).toBe(2)
  })

  it('calls a packet lost that one later has overtaken long ago (RFC 9002 §6.1.2)', () => {
    const { fates, ack, recovery } = sentPackets(3)
    ack(1, 1, 50)
    expect(recovery.lossAtMs).toBeCloseTo(0 + (9 / 8) * 49)
    recovery.lossTimePassed(recovery.lossAtMs!)
    expect(fates).toEqual(['lost ', 'acked ', ''])
    expect(recovery.lossAtMs).toBeUndefined()
  })

  it('probes later and later, up to a bound, until an ack comes', () => {
    const { recovery, ack, fates } = sentPackets(2)
    ack(0, 0, 100)
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      waits.push(Math.round(recovery.probeAtMs! - 1))
      recovery.probe(1)
    }
    expect(waits).toEqual([305, 400, 400, 400, 400])
    expect(fates[1]).toBe('lost '.repeat(5))
    ack(1, 1, 500)
    expect(recovery.probeAtMs).toBeUndefined()
  })

  it('does not trust an ack of what was never sent, nor spend time on its size', () => {
    const { recovery, ack } = sentPackets(2)
    expect(() => ack(0, 2, 10)).toThrowError(expect.objectContaining({ code: 'malformed' }))
    expect(() => ack(0, 2 ** 50, 10)).toThrowError(expect.objectContaining({ code: 'malformed' }))
    expect(recovery.packetsInFlight).toBe(2)
  })

  it('keeps no entries of what is settled', () => {
    const { recovery } = sentPackets(0)
    for (let i = 0; i < 10_000; i++) {
      recovery.sent(BYTES, i % 3 === 0 ? [] : undefined, i)
      if (i % 3 === 0) recovery.acked([{ first: i, last: i }], 0, i + 0.5)
    }
    expect(recovery.tracked).toBeLessThanOrEqual(33)
  })

  it('keeps nothing of bare acks, and knows packets by their numbers between them', () => {
    const { recovery, fates, ack } = sentPackets(3)
    for (let i = 0; i < 10_000; i++) recovery.sent(BYTES, undefined, 3)
    for (let i = 3; i < 6; i++)
      recovery.sent(BYTES, [{ acked: () => (fates[i] = 'acked '), lost: () => (fates[i] = 'lost ') }], 4)
    expect([recovery.nextNumber, recovery.tracked, recovery.oldestSentMs]).toEqual([10_006, 6, 0])
    ack(2, 10_003, 5)
    expect([fates[2], fates[3], fates[4]]).toEqual(['acked ', 'acked ', undefined])
    expect(() => ack(2, 10_006, 5)).toThrowError(expect.objectContaining({ code: 'malformed' }))
    ack(10_005, 10_005, 5)
    expect(recovery.packetsInFlight).toBe(1)
    ack(0, 10_005, 5)
    expect(recovery.packetsInFlight).toBe(0)
    expect(recovery.oldestSentMs).toBeUndefined()
  })
})

describe('a packet that was only late', () => {
  it('is acknowledged after all, and its loss taken back (RFC 9438 §4.9)', () => {
    const { fates, ack, congestion } = sentPackets(8)
    ack(3, 5, 50)
    expect(fates.slice(0, 3)).toEqual(['lost ', 'lost ', 'lost '])
    const cut = congestion.windowBytes
    ack(0, 1, 51)
    expect(fates.slice(0, 3)).toEqual(['lost acked ', 'lost acked ', 'lost '])
    expect(congestion.windowBytes).toBe(cut)
    ack(2, 2, 52)
    expect(fates[2]).toBe('lost acked ')
    expect(congestion.windowBytes).toBeGreaterThan(cut)
  })

  it('takes nothing back where another packet of its episode was lost', () => {
    const { ack, congestion, recovery } = sentPackets(8)
    ack(3, 5, 50)
    const cut = congestion.windowBytes
    expect(ack(0, 1, 51)).toBe(true)
    for (let i = 0; i < 4; i++) recovery.sent(BYTES, [], 60)
    ack(6, 11, 110)
    expect(congestion.windowBytes).toBeLessThan(cut + 6 * BYTES)
  })
})

describe('the congestion window', () => {
  it('falls to two packets on persistent congestion (RFC 9002 §7.6)', () => {
    const { congestion, recovery, ack } = sentPackets(1)
    ack(0, 0, 50)
    for (let i = 0; i < 5; i++) recovery.sent(BYTES, [], 1_000 + 200 * i)
    recovery.acked([{ first: 5, last: 5 }], 0, 1_850)
    expect(congestion.windowBytes).toBe(2 * BYTES)
  })
})

describe('round-trip time', () => {
  it('follows RFC 9002 §5.3', () => {
    const rtt = new RoundTrip()
    expect(rtt.smoothedMs).toBe(0)
    rtt.sample(100, 0)
    expect(rtt.smoothedMs).toBe(100)
    expect(rtt.probeTimeoutMs).toBe(100 + 4 * 50 + 5)
    rtt.sample(128, 3)
    expect(rtt.smoothedMs).toBeCloseTo((7 * 100 + 125) / 8)
    rtt.sample(200, 100_000) // nobody waits that long: the claim is capped
    expect(rtt.smoothedMs).toBeGreaterThan(110)
  })

  it('waits a second at most where the path was ever quick, and longer where it is slow', () => {
    const busy = new RoundTrip()
    busy.sample(40, 0)
    for (let i = 0; i < 5; i++) busy.sample(3_000, 0)
    expect(busy.smoothedMs).toBeGreaterThan(1_000)
    expect(busy.probeTimeoutMs).toBe(1_000)
    const slow = new RoundTrip()
    for (let i = 0; i < 5; i++) slow.sample(3_000, 0)
    expect(slow.probeTimeoutMs).toBeGreaterThan(3_000)
    expect(slow.probeTimeoutMs).toBeLessThanOrEqual(6_000)
  })
})
