// The streams of one session and the limits they share. Stream 0 carries the messages; the frames, the numbering and the
// flow control are made for many.

import { BanyanError } from '../base/errors.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Frame, streamOverheadBytes, writeFrame } from '../wire/packet-frames.ts'
import { type PacketWriter } from '../wire/packet-codec.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { MessageReceiver, MessageSender } from './message-channel.ts'
import { ReceiveStream } from './receive-stream.ts'
import { SendStream } from './send-stream.ts'

/**
 * What each side may send before it hears a new limit, per stream and in all. Part of the protocol: both sides start
 * from it.
 */
export const WINDOW_BYTES = 1024 * 1024
/**
 * Chosen: what the receiver lets the window grow to where a sender uses it up quickly, enough for 80 MB/s over 100 ms. What
 * a peer can make us keep is bounded by the number of pieces out of order besides (receive-stream.ts).
 */
export const MAX_WINDOW_BYTES = 8 * WINDOW_BYTES
/** Chosen: a window of which half lasts less than two round trips may be what holds the sender back, so it doubles. */
const QUICK_ROUND_TRIPS = 2
/** A piece of a stream shorter than this is not worth a further frame in a packet that is nearly full. */
const MIN_PIECE_BYTES = 16
const MESSAGE_STREAM = 0

export class SessionStreams {
  readonly #sending = new SendStream(MESSAGE_STREAM, WINDOW_BYTES)
  readonly #receiving: ReceiveStream
  readonly #messages = new MessageSender(this.#sending)
  #sentBytes = 0
  #limitBytes = WINDOW_BYTES // the peer's, for all streams
  #grantedBytes = WINDOW_BYTES // ours
  #windowBytes = WINDOW_BYTES // ours, the distance between what was read and what was granted
  #grantedAtMs = -Infinity
  #owesMaxData = false
  #owesMaxStreamData = false
  readonly #maxData: SentFrame = { acked: () => {}, lost: () => (this.#owesMaxData = true) }
  readonly #maxStreamData: SentFrame = { acked: () => {}, lost: () => (this.#owesMaxStreamData = true) }

  constructor(deliver: (message: Bytes) => void) {
    const messages = new MessageReceiver(deliver)
    this.#receiving = new ReceiveStream(MAX_WINDOW_BYTES, (bytes) => messages.receive(bytes))
  }

  /** Written and not yet acknowledged. */
  get queuedBytes(): number {
    return this.#sending.queuedBytes
  }

  get fragmentCount(): number {
    return this.#receiving.fragmentCount
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked?: (delivered: boolean) => void): void {
    this.#messages.send(message, acked)
  }

  /** Reports the messages whose last byte is acknowledged. */
  settle(): void {
    this.#messages.settle()
  }

  fail(): void {
    this.#messages.fail()
  }

  /** False where the piece could not be kept. Errors: malformed, quota, too-large. */
  receive(frame: Frame & { type: 'stream' }, nowMs: number, rttMs: number): boolean {
    if (frame.id !== MESSAGE_STREAM)
      throw new BanyanError('malformed', `a stream ${frame.id} that nobody opened`)
    const before = this.#receiving.highestBytes
    const grown = Math.max(0, frame.offset + frame.data.length - before)
    if (before + grown > this.#grantedBytes) throw new BanyanError('quota', 'past the limit of all streams')
    if (!this.#receiving.receive(frame.offset, frame.data, frame.isLast)) return false
    this.#grant(nowMs, rttMs)
    return true
  }

  raiseLimit(limitBytes: number): void {
    this.#limitBytes = Math.max(this.#limitBytes, limitBytes)
  }

  raiseStreamLimit(id: number, limitBytes: number): void {
    if (id !== MESSAGE_STREAM)
      throw new BanyanError('malformed', `a limit for stream ${id} that nobody opened`)
    this.#sending.raiseLimit(limitBytes)
  }

  /** There is something to send that the peer's limits allow. */
  get isReady(): boolean {
    return (
      this.#owesMaxData ||
      this.#owesMaxStreamData ||
      this.#sending.isReady(this.#limitBytes - this.#sentBytes)
    )
  }

  /** There are bytes that only the peer's limits hold back. */
  get isHeld(): boolean {
    return this.#sending.unsentBytes > 0
  }

  /** Fills the packet, and lists what was put into it. */
  write(out: PacketWriter, frames: SentFrame[]): void {
    this.#writeLimits(out, frames)
    for (;;) {
      const stream = this.#sending
      const room = out.room - streamOverheadBytes(stream.id, stream.writtenBytes)
      if (room < MIN_PIECE_BYTES) return
      const slice = stream.next(room, this.#limitBytes - this.#sentBytes)
      if (!slice) return
      this.#sentBytes = Math.max(this.#sentBytes, slice.offset + slice.length)
      writeFrame(out, {
        type: 'stream',
        id: stream.id,
        offset: slice.offset,
        isLast: false,
        data: stream.read(slice),
      })
      frames.push(slice)
    }
  }

  /**
   * Tells a new limit once half the window is used up. There is one stream, so the limit of all bounds it, too; what the
   * stream itself would take is the most the window can grow to.
   */
  #grant(nowMs: number, rttMs: number): void {
    this.#receiving.nextLimit()
    const { deliveredBytes } = this.#receiving
    if (deliveredBytes + this.#windowBytes / 2 < this.#grantedBytes) return
    if (nowMs - this.#grantedAtMs < QUICK_ROUND_TRIPS * rttMs)
      this.#windowBytes = Math.min(2 * this.#windowBytes, MAX_WINDOW_BYTES)
    this.#grantedAtMs = nowMs
    this.#grantedBytes = deliveredBytes + this.#windowBytes
    this.#owesMaxStreamData = true
    this.#owesMaxData = true
  }

  #writeLimits(out: PacketWriter, frames: SentFrame[]): void {
    if (this.#owesMaxData) {
      this.#owesMaxData = false
      writeFrame(out, { type: 'max-data', limitBytes: this.#grantedBytes })
      frames.push(this.#maxData)
    }
    if (this.#owesMaxStreamData) {
      this.#owesMaxStreamData = false
      writeFrame(out, { type: 'max-stream-data', id: MESSAGE_STREAM, limitBytes: this.#grantedBytes })
      frames.push(this.#maxStreamData)
    }
  }
}
