import { describe, expect, it } from 'vitest'
import { AckRequest, MAX_PACKETS_PER_ACK } from '../../../main/overlay/transport/ack-request.ts'
import { Acknowledger } from '../../../main/overlay/transport/acknowledger.ts'
import { OwedFrames } from '../../../main/overlay/transport/owed-frames.ts'
import { MAX_ACK_DELAY_MS } from '../../../main/overlay/transport/round-trip.ts'
import { type SentFrame } from '../../../main/overlay/transport/congestion/sent-packet.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'
import { type Frame, readFrames } from '../../../main/overlay/wire/packet-frames.ts'
import { Bench } from './bench.ts'

/** Which of these packets, in the order they come, are acknowledged at once. */
function urgentAfter(packetsPerAck: number, numbers: readonly number[]): number[] {
  const acks = new Acknowledger()
  acks.askedFor(packetsPerAck, 0)
  const urgent: number[] = []
  for (const number of numbers) {
    acks.packetReceived(number, true, false, 0)
    if (!acks.isUrgent) continue
    urgent.push(number)
    acks.take(0)
  }
  return urgent
}

describe('an acknowledger', () => {
  const row = Array.from({ length: 34 }, (_, i) => i)
  it.each<[string, number, number[], number[]]>([
    ['two packets', 2, row.slice(0, 6), [1, 3, 5]],
    ['as many as were asked for', 16, row, [15, 31]],
    ['a gap, and what proves it a loss', 16, [0, 1, 3, 4, 5, 6, 7], [3, 5]],
    ['a late packet', 16, [0, 1, 3, 2, 4, 5, 6], [3, 2, 5]],
    ['each new gap', 16, [0, 2, 4, 6, 7, 8, 9], [2, 4, 6, 8]],
  ])('answers at once: %s', (_name, packetsPerAck, numbers, urgent) => {
    expect(urgentAfter(packetsPerAck, numbers)).toEqual(urgent)
  })

  it('waits for more of a stream where an ack is to come already, and for nothing else', () => {
    const acks = new Acknowledger()
    const piece: Frame = { type: 'stream', id: 1, offset: 0, isLast: false, data: new Uint8Array(1) }
    acks.askedFor(4, 0)
    const waited = [0, 1, 2, 3].map((number) => {
      acks.packetReceived(number, true, false, 0)
      return acks.waitsFor([piece])
    })
    expect(waited).toEqual([false, true, true, false]) // the first sets the time, the fourth is enough
    acks.take(0)
    for (const number of [4, 5]) acks.packetReceived(number, true, false, 0)
    const ack: Frame = { type: 'ack', delayUs: 0, ranges: [{ first: 0, last: 0 }] }
    expect([[piece], [ack], [piece, ack]].map((frames) => acks.waitsFor(frames))).toEqual([
      true,
      false,
      false,
    ])
  })

  it('answers a ping at once, and anything else after the longest delay', () => {
    const acks = new Acknowledger()
    acks.askedFor(16, 0)
    acks.packetReceived(0, true, false, 100)
    expect([acks.isUrgent, acks.dueMs]).toEqual([false, 100 + MAX_ACK_DELAY_MS])
    acks.packetReceived(1, true, true, 101)
    expect(acks.isUrgent).toBe(true)
    expect(acks.take(103)).toEqual({ type: 'ack', delayUs: 2_000, ranges: [{ first: 0, last: 1 }] })
    expect([acks.isUrgent, acks.dueMs]).toEqual([false, undefined])
  })

  it('owes nothing for packets that ask for nothing', () => {
    const acks = new Acknowledger()
    for (let i = 0; i < 20; i += 2) acks.packetReceived(i, false, false, 0)
    expect([acks.isUrgent, acks.isOwed]).toEqual([false, false])
  })

  it('waits no more where it has waited in vain, until waiting would have been worth it', () => {
    const acks = new Acknowledger()
    let number = 0
    /** Whether a packet is answered at once; where it is not, the delay passes. */
    const isAnswered = (nowMs: number): boolean => {
      acks.packetReceived(number++, true, false, nowMs)
      const { isUrgent } = acks
      if (!isUrgent) acks.delayPassed()
      acks.take(nowMs)
      return isUrgent
    }
    expect([0, 100, 200].map(isAnswered)).toEqual([false, true, true])
    // A second packet at once: one ack would have done for both.
    expect([201, 300, 400].map(isAnswered)).toEqual([false, false, true])
    // Something of ours at once: the ack would have gone with it.
    acks.goWith(new PacketWriter(100), [], 403)
    expect([500, 600].map(isAnswered)).toEqual([false, true])
    acks.goWith(new PacketWriter(100), [], 700)
    expect(isAnswered(800)).toBe(true)
  })

  it('takes the last of a row for no lone packet', () => {
    const acks = new Acknowledger()
    const urgent = [0, 1, 2, 100, 101, 102].map((nowMs, number) => {
      acks.packetReceived(number, true, false, nowMs)
      const { isUrgent } = acks
      if (number % 3 === 2) acks.delayPassed()
      if (acks.isUrgent) acks.take(nowMs)
      return isUrgent
    })
    expect(urgent).toEqual([false, true, false, false, true, false])
  })

  it('follows the newest request, not the one that came last', () => {
    const acks = new Acknowledger()
    acks.askedFor(4, 7)
    acks.askedFor(16, 3)
    for (let i = 0; i < 4; i++) acks.packetReceived(i, true, false, 0)
    expect(acks.isUrgent).toBe(true)
  })
})

describe('a request for acks', () => {
  function requests() {
    const owed = new OwedFrames()
    const request = new AckRequest(owed)
    const out = new PacketWriter(100)
    const asked = (packetsInFlight: number, rttMs = 1) => {
      out.reset()
      request.adapt(packetsInFlight, rttMs)
      const frames: SentFrame[] = []
      owed.write(out, frames)
      return { said: readFrames(out.written).map((frame) => (frame as { packets: number }).packets), frames }
    }
    return { request, asked }
  }

  it('is for an eighth of what is under way, and sways little', () => {
    const { request, asked } = requests()
    const said = [0, 31, 32, 40, 63, 64, 200, 100, 64, 63, 200, 0].map(
      (packetsInFlight) => asked(packetsInFlight).said,
    )
    expect(said).toEqual([[], [], [4], [], [], [8], [MAX_PACKETS_PER_ACK], [], [], [4], [16], [2]])
    expect(request.isSparse).toBe(false)
  })

  it('is for no more than leave in a millisecond', () => {
    const said = [40, 79, 80, 160, 319, 320, 5_000].map(
      (packetsInFlight) => requests().asked(packetsInFlight, 20).said,
    )
    expect(said).toEqual([[], [], [4], [8], [8], [16], [16]])
  })

  it('that was lost is made again as things are by then', () => {
    const { asked } = requests()
    const { frames } = asked(64)
    expect(asked(200).said).toEqual([16])
    frames[0]!.lost()
    expect(asked(200).said).toEqual([16])
  })
})

describe('a bulk transfer', () => {
  it('is acknowledged by a packet for each 13 or more, a lone message as before', async () => {
    const bench = new Bench({ megabits: 500, rttMs: 20, lossRate: 0 })
    const { link, endpoint } = await bench.pair('bbr')
    for (let i = 0; i < 320; i++) link.send(new Uint8Array(64_000))
    await bench.world.run(300)
    const before = { sent: endpoint.counters.sentPackets, received: endpoint.counters.receivedPackets }
    await bench.world.run(100)
    const acks = endpoint.counters.sentPackets - before.sent
    const packets = endpoint.counters.receivedPackets - before.received
    expect(packets).toBeGreaterThan(3_000)
    expect(packets / acks).toBeGreaterThan(13)
    await bench.world.run(2_000)
    const sentMs = bench.world.queue.nowMs
    let ackedMs = 0
    link.send(new Uint8Array(3_000), () => (ackedMs = bench.world.queue.nowMs))
    await bench.world.run(100)
    expect(ackedMs - sentMs).toBeLessThan(20 + MAX_ACK_DELAY_MS + 1)
  })

  it('is acknowledged at once where it runs dry', async () => {
    const bench = new Bench({ megabits: 500, rttMs: 20, lossRate: 0 })
    const { link } = await bench.pair('bbr')
    for (let i = 0; i < 160; i++) link.send(new Uint8Array(64_000))
    await bench.world.run(200)
    const times = { lastForthMs: 0, lastBackMs: 0 }
    bench.world.net.tap((_datagram, from) => {
      times[from.host === '10.0.0.1' ? 'lastForthMs' : 'lastBackMs'] = bench.world.queue.nowMs
    })
    for (let i = 0; i < 20; i++) {
      link.send(new Uint8Array(100_000)) // 86 packets, which are no multiple of 4
      await bench.world.run(60)
      expect(times.lastBackMs - times.lastForthMs).toBeLessThan(10.1) // the way there, and no delay
    }
  })
})
