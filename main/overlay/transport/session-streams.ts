// What a session carries besides its own upkeep: messages, streams, datagrams. Read this first of the stream files: it
// applies their frames, keeps the limits they share, and decides what goes into the next packet:
//
//   owed frames (limits, resets), then a datagram or streams: the most urgent class, its streams in turns
//
// Datagrams and streams take turns by packet where both wait, so that neither can starve the other.

import { type Bytes } from '../base/bytes.ts'
import { type PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, streamOverheadBytes, writeStreamHeader } from '../wire/packet-frames.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { type DatagramCounts, DatagramQueue, NO_DATAGRAMS } from './datagram-queue.ts'
import { type HeldBy } from './loss-recovery.ts'
import { MessageStreams } from './message-streams.ts'
import { OpenedStreams, SESSION_WINDOW_BYTES } from './opened-streams.ts'
import { OwedFrames } from './owed-frames.ts'
import { FragmentBudget } from './receive-stream.ts'
import { type Pace } from './receive-window.ts'
import { SendAccount } from './send-account.ts'
import { type SendStream } from './send-stream.ts'
import { StreamSchedule } from './stream-schedule.ts'
import { type Stream, type StreamHost } from './stream.ts'
import { BACKGROUND, NORMAL, type Urgency } from './urgency.ts'

/** Chosen: nobody who reads at all is this far behind; it bounds what a peer that never acknowledges can cost. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024
/** A piece of a stream shorter than this is not worth a further frame in a packet that is nearly full. */
const MIN_PIECE_BYTES = 16

/** Frames that are about streams and datagrams. */
export type StreamFrame = Frame & {
  type:
    'stream' | 'max-data' | 'max-stream-data' | 'max-streams' | 'reset-stream' | 'stop-sending' | 'datagram'
}

export interface StreamListener extends Pace {
  message(message: Bytes): void
  /** The peer has opened a stream. */
  opened(stream: Stream): void
  /** Valid during the call only. */
  datagram(bytes: Uint8Array): void
  guard(listener: () => void): void
  /** Something waits to be sent. */
  wake(): void
  /** Asked while some of it waits. */
  mayBackgroundLeave(): boolean
}

export class SessionStreams implements StreamHost {
  readonly account = new SendAccount(SESSION_WINDOW_BYTES)
  readonly owed = new OwedFrames()
  readonly fragments = new FragmentBudget()
  readonly #listener: StreamListener
  readonly #isInitiator: boolean
  readonly #messages: MessageStreams
  readonly #schedule = new StreamSchedule()
  // Most sessions carry messages and nothing else, so the rest is made when it is first used.
  #opened: OpenedStreams | undefined
  #datagrams: DatagramQueue | undefined
  #reports: { report(): void }[] | undefined
  #isDatagramsTurn = true
  #resentPackets = 0

  constructor(isInitiator: boolean, listener: StreamListener) {
    this.#isInitiator = isInitiator
    this.#listener = listener
    this.#messages = new MessageStreams(this, (message) => this.guard(() => listener.message(message)))
  }

  get pace(): Pace {
    return this.#listener
  }

  get datagrams(): DatagramQueue {
    return (this.#datagrams ??= new DatagramQueue())
  }

  get datagramCounts(): Readonly<DatagramCounts> {
    return this.#datagrams?.counts ?? NO_DATAGRAMS
  }

  /** Packets with something of a stream in them that had been sent before. */
  get resentPackets(): number {
    return this.#resentPackets
  }

  /** Written and not yet acknowledged. */
  get queuedBytes(): number {
    return this.account.queuedBytes
  }

  /** Entries and bytes that a peer can make grow; for the tests that watch memory. */
  get tableSizes(): { fragments: number; fragmentBytes: number; streams: number; streamRanges: number } {
    const { openCount = 0, overRanges = 0 } = this.#opened?.table ?? {}
    const { used: fragments, bytes: fragmentBytes } = this.fragments
    return { fragments, fragmentBytes, streams: openCount, streamRanges: overRanges }
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked: ((delivered: boolean) => void) | undefined, urgency: Urgency): void {
    const reported = acked && ((delivered: boolean) => this.guard(() => acked(delivered)))
    this.#messages.send(message, reported, urgency)
  }

  /** Errors: quota, where the peer takes no more streams now. */
  open(urgency: Urgency = NORMAL): Stream {
    const stream = this.#streams.table.open()
    stream.urgency = urgency
    return stream
  }

  /** Tells the streams and messages what has become of them since the last call. */
  settle(): void {
    for (let reports = this.#reports; reports; reports = this.#reports) {
      this.#reports = undefined
      for (const stream of reports) stream.report()
    }
  }

  fail(): void {
    this.settle()
    this.#messages.fail()
    for (const stream of this.#opened?.table.all() ?? []) stream.fail()
  }

  /** False where the frame could not be kept, so that its packet must not be acknowledged. Errors: malformed, quota, too-large. */
  receive(frame: StreamFrame): boolean {
    switch (frame.type) {
      case 'stream':
        if (!MessageStreams.has(frame.id))
          return this.#streams.received(frame.id, frame.offset, frame.data, frame.isLast)
        return this.#messages.get(frame.id).received(frame.offset, frame.data, frame.isLast)
      case 'max-data':
        if (this.account.raiseLimit(frame.limitBytes)) this.#schedule.release()
        return true
      case 'max-stream-data':
        if (MessageStreams.has(frame.id)) this.#messages.get(frame.id).raiseLimit(frame.limitBytes)
        else this.#streams.table.find(frame.id)?.raiseLimit(frame.limitBytes)
        return true
      case 'max-streams':
        this.#streams.table.raise(frame.count)
        return true
      case 'reset-stream':
        this.#streams.wasReset(frame.id, frame.code, frame.size)
        return true
      case 'stop-sending':
        this.#streams.table.find(frame.id)?.wasStopped(frame.code)
        return true
      case 'datagram':
        this.datagrams.counts.received++
        this.guard(() => this.#listener.datagram(frame.data))
        return true
    }
  }

  /** There is something to send that the peer's limits allow. */
  get isReady(): boolean {
    return !this.owed.isEmpty || this.#next() !== undefined || this.#hasDatagrams
  }

  /** Why nothing is ready: there may be bytes that only the peer's limits hold back. */
  get idleCause(): HeldBy {
    const isHeld = this.account.unsentBytes > 0 && this.#schedule.next() === undefined
    return isHeld ? 'the peer' : 'nothing to send'
  }

  /** Fills the packet, and lists what was put into it. Returns whether it carries background, which shares a packet with nothing else. */
  write(out: PacketWriter, frames: SentFrame[]): boolean {
    this.owed.write(out, frames)
    const before = frames.length
    if (this.#hasDatagrams) {
      const isTheirs = this.#isDatagramsTurn || this.#next() === undefined
      this.#isDatagramsTurn = !isTheirs || !this.datagrams.write(out, frames, this.#listener.nowMs())
    }
    return this.#writeStreams(out, frames, frames.length > before)
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
    this.#reports ??= []
    if (this.#reports[this.#reports.length - 1] !== stream) this.#reports.push(stream)
  }

  consumed(bytes: number): void {
    this.#streams.consumed(bytes)
  }

  over(stream: Stream): void {
    this.#streams.over(stream)
  }

  guard(listener: () => void): void {
    this.#listener.guard(listener)
  }

  get #hasDatagrams(): boolean {
    return this.#datagrams?.isReady(this.#listener.nowMs()) ?? false
  }

  get #streams(): OpenedStreams {
    return (this.#opened ??= new OpenedStreams(this.#isInitiator, this, (stream) =>
      this.guard(() => this.#listener.opened(stream)),
    ))
  }

  /** The stream whose turn it is, unless it is one of the background and that has to wait. */
  #next(): SendStream | undefined {
    const stream = this.#schedule.next()
    return stream?.urgency === BACKGROUND && !this.#listener.mayBackgroundLeave() ? undefined : stream
  }

  #writeStreams(out: PacketWriter, frames: SentFrame[], isShared: boolean): boolean {
    const { resentBytes } = this.account
    let isBackground = false
    let hasOthers = isShared
    for (let stream = this.#next(); stream; stream = this.#schedule.next()) {
      if (stream.urgency === BACKGROUND && hasOthers) break
      const room = out.room - streamOverheadBytes(stream.id, stream.writtenBytes, out.room)
      if (room < MIN_PIECE_BYTES) break
      if (stream.urgency === BACKGROUND) isBackground = true
      else hasOthers = true
      const slice = stream.next(room)!
      writeStreamHeader(out, stream.id, slice.offset, slice.isLast, slice.length)
      stream.copyTo(out, slice)
      frames.push(slice)
      this.#schedule.toTheBack(stream)
    }
    if (this.account.resentBytes > resentBytes) this.#resentPackets++
    return isBackground
  }
}
