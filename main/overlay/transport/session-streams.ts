// What a session carries besides its own upkeep: messages, streams, datagrams. Read this first of the stream files: it
// applies their frames, keeps the limits they share, and decides what goes into the next packet:
//
//   owed frames (limits, resets), then a datagram or streams: the most urgent class, its streams in turns
//
// Datagrams and streams take turns by packet where both wait, so that neither can starve the other.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, streamOverheadBytes, writeStreamHeader } from '../wire/packet-frames.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { DatagramQueue } from './datagram-queue.ts'
import { MessageStreams } from './message-streams.ts'
import { OwedFrame, OwedFrames } from './owed-frames.ts'
import { FragmentBudget } from './receive-stream.ts'
import { type Pace, ReceiveWindow } from './receive-window.ts'
import { SendAccount } from './send-account.ts'
import { type SendStream } from './send-stream.ts'
import { StreamSchedule } from './stream-schedule.ts'
import { StreamTable } from './stream-table.ts'
import { Stream, type StreamHost } from './stream.ts'
import { NORMAL, type Urgency } from './urgency.ts'

/** What each side may send on all opened streams together before it hears a new limit. Part of the protocol. */
export const SESSION_WINDOW_BYTES = 1024 * 1024
/** Chosen: twice what one stream's window grows to, so that one stream that is not read leaves room for the others. */
export const MAX_SESSION_WINDOW_BYTES = 16 * SESSION_WINDOW_BYTES
/** Chosen: nobody who reads at all is this far behind; it bounds what a peer that never acknowledges can cost. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024
/** A piece of a stream shorter than this is not worth a further frame in a packet that is nearly full. */
const MIN_PIECE_BYTES = 16

/** Frames that are about streams and datagrams. */
export type StreamFrame = Frame & {
  type:
    'stream' | 'max-data' | 'max-stream-data' | 'max-streams' | 'reset-stream' | 'stop-sending' | 'datagram'
}

export interface StreamListener {
  message(message: Bytes): void
  /** The peer has opened a stream. */
  opened(stream: Stream): void
  /** Valid during the call only. */
  datagram(bytes: Uint8Array): void
  guard(listener: () => void): void
  /** Something waits to be sent. */
  wake(): void
}

export class SessionStreams implements StreamHost {
  readonly account = new SendAccount(SESSION_WINDOW_BYTES)
  readonly owed = new OwedFrames()
  readonly fragments = new FragmentBudget()
  readonly datagrams = new DatagramQueue()
  readonly pace: Pace
  readonly #listener: StreamListener
  readonly #messages: MessageStreams
  readonly #table: StreamTable
  readonly #schedule = new StreamSchedule()
  readonly #window: ReceiveWindow
  readonly #maxData: OwedFrame
  readonly #maxStreams: OwedFrame
  #receivedBytes = 0 // of opened streams, as far as the peer has sent
  #reports: { report(): void }[] = []
  #isDatagramsTurn = true

  constructor(isInitiator: boolean, pace: Pace, listener: StreamListener) {
    this.pace = pace
    this.#listener = listener
    this.#messages = new MessageStreams(this, (message) => this.guard(() => listener.message(message)))
    this.#table = new StreamTable(
      isInitiator,
      (id) => new Stream(id, this),
      (stream) => this.guard(() => listener.opened(stream)),
    )
    this.#window = new ReceiveWindow(pace, SESSION_WINDOW_BYTES, MAX_SESSION_WINDOW_BYTES)
    this.#maxData = new OwedFrame(this.owed, () => ({
      type: 'max-data',
      limitBytes: this.#window.limitBytes,
    }))
    this.#maxStreams = new OwedFrame(this.owed, () => ({
      type: 'max-streams',
      count: this.#table.grantedCount,
    }))
  }

  /** Written and not yet acknowledged. */
  get queuedBytes(): number {
    return this.account.queuedBytes
  }

  /** Entries that a peer can make grow; for the tests that watch memory. */
  get tableSizes(): { fragments: number; streams: number; streamRanges: number } {
    const { openCount, overRanges } = this.#table
    return { fragments: this.fragments.used, streams: openCount, streamRanges: overRanges }
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked: ((delivered: boolean) => void) | undefined, urgency: Urgency): void {
    const reported = acked && ((delivered: boolean) => this.guard(() => acked(delivered)))
    this.#messages.send(message, reported, urgency)
  }

  /** Errors: quota, where the peer takes no more streams now. */
  open(urgency: Urgency = NORMAL): Stream {
    const stream = this.#table.open()
    stream.urgency = urgency
    return stream
  }

  /** Tells the streams and messages what has become of them since the last call. */
  settle(): void {
    while (this.#reports.length > 0) {
      const reports = this.#reports
      this.#reports = []
      for (const stream of reports) stream.report()
    }
  }

  fail(): void {
    this.settle()
    this.#messages.fail()
    for (const stream of this.#table.all()) stream.fail()
  }

  /** False where the frame could not be kept, so that its packet must not be acknowledged. Errors: malformed, quota, too-large. */
  receive(frame: StreamFrame): boolean {
    switch (frame.type) {
      case 'stream':
        return this.#receiveStream(frame.id, frame.offset, frame.data, frame.isLast)
      case 'max-data':
        if (this.account.raiseLimit(frame.limitBytes)) this.#schedule.release()
        return true
      case 'max-stream-data':
        this.#find(frame.id)?.raiseLimit(frame.limitBytes)
        return true
      case 'max-streams':
        this.#table.raise(frame.count)
        return true
      case 'reset-stream':
        this.#receiveReset(frame.id, frame.code, frame.size)
        return true
      case 'stop-sending':
        this.#table.find(frame.id)?.wasStopped(frame.code)
        return true
      case 'datagram':
        this.datagrams.counts.received++
        this.guard(() => this.#listener.datagram(frame.data))
        return true
    }
  }

  /** There is something to send that the peer's limits allow. */
  get isReady(): boolean {
    return (
      !this.owed.isEmpty || this.#schedule.next() !== undefined || this.datagrams.isReady(this.pace.nowMs())
    )
  }

  /** There are bytes that only the peer's limits hold back. */
  get isHeld(): boolean {
    return this.account.unsentBytes > 0
  }

  /** Fills the packet, and lists what was put into it. */
  write(out: PacketWriter, frames: SentFrame[]): void {
    this.owed.write(out, frames)
    const hasDatagrams = this.datagrams.isReady(this.pace.nowMs())
    const isFirst = hasDatagrams && (this.#isDatagramsTurn || this.#schedule.next() === undefined)
    if (isFirst && this.datagrams.write(out, frames, this.pace.nowMs())) this.#isDatagramsTurn = false
    else if (hasDatagrams) this.#isDatagramsTurn = true
    this.#writeStreams(out, frames)
  }

  // What the streams share.

  hasRoom(bytes: number): boolean {
    return this.account.queuedBytes + bytes <= MAX_QUEUED_BYTES
  }

  ready(stream: SendStream): void {
    this.#schedule.enter(stream)
    this.wake()
  }

  wake(): void {
    this.#listener.wake()
  }

  owesReport(stream: { report(): void }): void {
    if (this.#reports[this.#reports.length - 1] !== stream) this.#reports.push(stream)
  }

  consumed(bytes: number): void {
    if (this.#window.consume(bytes)) this.#maxData.owe()
  }

  over(stream: Stream): void {
    if (this.#table.remove(stream.id)) this.#maxStreams.owe()
  }

  guard(listener: () => void): void {
    this.#listener.guard(listener)
  }

  #find(id: number): { raiseLimit(limitBytes: number): void } | undefined {
    return MessageStreams.has(id) ? this.#messages.get(id) : this.#table.find(id)
  }

  #receiveStream(id: number, offset: number, data: Uint8Array, isLast: boolean): boolean {
    if (MessageStreams.has(id)) return this.#messages.get(id).received(offset, data, isLast)
    const stream = this.#table.find(id)
    if (!stream) return true
    const before = stream.highestBytes
    this.#checkLimit(offset + data.length - before)
    const isKept = stream.received(offset, data, isLast)
    this.#receivedBytes += stream.highestBytes - before
    return isKept
  }

  #receiveReset(id: number, code: number, size: number): void {
    const stream = this.#table.find(id)
    if (!stream) return
    const before = stream.highestBytes
    this.#checkLimit(size - before)
    stream.wasReset(code, size)
    this.#receivedBytes += stream.highestBytes - before
  }

  #checkLimit(grownBytes: number): void {
    if (grownBytes > 0 && this.#receivedBytes + grownBytes > this.#window.limitBytes)
      throw new BanyanError('quota', 'past the limit of all streams')
  }

  #writeStreams(out: PacketWriter, frames: SentFrame[]): void {
    for (let stream = this.#schedule.next(); stream; stream = this.#schedule.next()) {
      const room = out.room - streamOverheadBytes(stream.id, stream.writtenBytes, out.room)
      if (room < MIN_PIECE_BYTES) return
      const slice = stream.next(room)!
      writeStreamHeader(out, stream.id, slice.offset, slice.isLast, slice.length)
      stream.copyTo(out, slice)
      frames.push(slice)
      this.#schedule.toTheBack(stream)
    }
  }
}
