// How fast the path delivers (draft-ietf-ccwg-bbr-04 §4.1): between the sending of a packet and its ack so many bytes
// were acknowledged, in the longer of two times: the one it took to send them and the one it took their acks to come.
// The shorter one would measure bursts of the sender, or acks that a queue on the way back has pushed together.

import { type AckSample } from './ack-sample.ts'
import { type SentPacket } from './sent-packet.ts'

export class DeliveryRate {
  #deliveredBytes = 0
  #deliveredMs = 0
  #lostBytes = 0
  #firstSentMs = 0
  /** Packets sent before so many bytes are delivered ran beside a pause of the application; 0 for none. */
  #appLimitedUntilBytes = 0
  #newest: SentPacket | undefined

  /** Notes on the packet what is known as it leaves; `bytesInFlight` does not count it yet. */
  sent(packet: SentPacket, bytesInFlight: number): void {
    if (bytesInFlight === 0) this.#firstSentMs = this.#deliveredMs = packet.sentMs
    packet.firstSentMs = this.#firstSentMs
    packet.deliveredMs = this.#deliveredMs
    packet.deliveredBytes = this.#deliveredBytes
    packet.lostBytes = this.#lostBytes
    packet.inFlightBytes = bytesInFlight + packet.bytes
    packet.isAppLimited = this.#appLimitedUntilBytes > 0
  }

  acked(packet: SentPacket, nowMs: number): void {
    this.#deliveredBytes += packet.bytes
    this.#deliveredMs = nowMs
    if (!this.#newest || packet.number > this.#newest.number) this.#newest = packet
  }

  /** Returns the bytes lost since the packet was sent, itself included. */
  lost(packet: SentPacket): number {
    this.#lostBytes += packet.bytes
    return this.#lostBytes - packet.lostBytes
  }

  /** The sender could send and has nothing: what is in flight now measures the application. */
  nothingToSend(bytesInFlight: number): void {
    this.#appLimitedUntilBytes = Math.max(1, this.#deliveredBytes + bytesInFlight)
  }

  /** Fills in what the packets acknowledged since the last call say; there is at least one. */
  measure(sample: AckSample): void {
    const newest = this.#newest!
    this.#newest = undefined
    this.#firstSentMs = newest.sentMs
    if (this.#deliveredBytes > this.#appLimitedUntilBytes) this.#appLimitedUntilBytes = 0
    const sendingMs = newest.sentMs - newest.firstSentMs
    const ackingMs = this.#deliveredMs - newest.deliveredMs
    const intervalMs = Math.max(sendingMs, ackingMs)
    sample.newestSentMs = newest.sentMs
    sample.deliveredBytes = this.#deliveredBytes
    sample.priorDeliveredBytes = newest.deliveredBytes
    sample.intervalBytes = this.#deliveredBytes - newest.deliveredBytes
    sample.deliveryRate = intervalMs > 0 ? sample.intervalBytes / intervalMs : 0
    sample.isAppLimited = newest.isAppLimited
    sample.inFlightBytes = newest.inFlightBytes
    sample.lostSinceBytes = this.#lostBytes - newest.lostBytes
  }
}
