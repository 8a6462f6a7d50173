import { describe, expect, it } from 'vitest'
import { AckSample } from '../../../../main/overlay/transport/congestion/ack-sample.ts'
import { DeliveryRate } from '../../../../main/overlay/transport/congestion/delivery-rate.ts'
import { type SentPacket, takePacket } from '../../../../main/overlay/transport/congestion/sent-packet.ts'

const BYTES = 1_000

class Sender {
  readonly delivery = new DeliveryRate()
  readonly sample = new AckSample()
  inFlight = 0
  #next = 0

  send(nowMs: number): SentPacket {
    const packet = takePacket(this.#next++, BYTES, [], nowMs)
    this.delivery.sent(packet, this.inFlight)
    this.inFlight += BYTES
    return packet
  }

  ack(nowMs: number, ...packets: SentPacket[]): AckSample {
    for (const packet of packets) this.delivery.acked(packet, nowMs)
    this.inFlight -= BYTES * packets.length
    this.delivery.measure(this.sample)
    return this.sample
  }
}

describe('the delivery rate', () => {
  it('is what was delivered between a sending and its ack', () => {
    const sender = new Sender()
    const packets = [0, 1, 2, 3].map((ms) => sender.send(ms))
    sender.ack(100, packets[0]!)
    const late = sender.send(100)
    for (let i = 1; i < 4; i++) sender.ack(100 + 2 * i, packets[i]!)
    const { deliveryRate, intervalBytes } = sender.ack(200, late)
    expect(intervalBytes).toBe(4 * BYTES)
    expect(deliveryRate).toBe((4 * BYTES) / 100)
  })

  it('is never higher than the rate of sending, however the acks are pushed together', () => {
    const sender = new Sender()
    sender.ack(50, sender.send(0))
    sender.inFlight = BYTES // never idle
    const packets = [50, 150, 250, 350].map((ms) => sender.send(ms))
    const { deliveryRate } = sender.ack(351, ...packets)
    expect(deliveryRate).toBe((4 * BYTES) / 350)
  })

  it('says for a round trip that the application had nothing to send', () => {
    const sender = new Sender()
    const first = sender.send(0)
    sender.delivery.nothingToSend(sender.inFlight)
    const second = sender.send(5)
    expect(sender.ack(50, first).isAppLimited).toBe(false)
    expect(sender.ack(55, second).isAppLimited).toBe(true)
    const third = sender.send(56)
    expect(sender.ack(106, third).isAppLimited).toBe(false)
  })

  it('counts what was lost since a packet left', () => {
    const sender = new Sender()
    const packets = [0, 1, 2].map((ms) => sender.send(ms))
    expect(sender.delivery.lost(packets[0]!)).toBe(BYTES)
    const later = sender.send(50)
    expect(sender.delivery.lost(packets[1]!)).toBe(2 * BYTES)
    expect(sender.ack(60, packets[2]!).lostSinceBytes).toBe(2 * BYTES)
    expect(sender.ack(100, later).lostSinceBytes).toBe(BYTES)
  })
})
