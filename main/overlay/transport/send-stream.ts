// The sending half of a stream: bytes wait here until the peer has acknowledged them. Lost pieces go first again.
//
//   open --finish--> finished --all acknowledged, the end too--> complete
//   open, finished --reset--> reset

import { returnBytes } from '../base/lent-bytes.ts'
import { type PacketWriter } from '../wire/packet-codec.ts'
import { RangeSet } from './range-set.ts'
import { type SendAccount } from './send-account.ts'
import { SentSlice, type Slice } from './sent-slice.ts'
import { type StreamQueue } from './stream-queue.ts'
import { NORMAL, type Urgency } from './urgency.ts'

interface Chunk {
  start: number
  bytes: Uint8Array
}

export interface SendOwner {
  /** There may be something to send. */
  ready(stream: SendStream): void
  /** The acknowledged end has moved, or all is acknowledged, or most of what waited has left. */
  progressed(): void
}

/** Chosen: forget acknowledged chunks in pieces of at least so many, and of half of all. */
const COMPACT_AT = 256
/**
 * Chosen: with so much unsent a writer should wait, and go on at half of it. It is what a fast path takes in a millisecond, which is
 * how often packets leave.
 */
export const ENOUGH_UNSENT_BYTES = 256 * 1024

export class SendStream {
  readonly id: number
  urgency: Urgency = NORMAL
  // Its place among the streams that have something to send (stream-queue.ts).
  queue: StreamQueue | undefined
  before: SendStream | undefined
  after: SendStream | undefined
  readonly #account: SendAccount
  readonly #owner: SendOwner
  readonly #usesCredit: boolean
  #state: 'open' | 'finished' | 'complete' | 'reset' = 'open'
  #chunks: Chunk[] = []
  #firstChunk = 0
  #cursor = 0 // the chunk where new data goes on
  #written = 0
  #sent = 0 // everything below has been sent at least once
  #ackedTo = 0
  #acked = new RangeSet() // beyond #ackedTo
  #lost = new RangeSet()
  #limitBytes: number
  #owesEnd = false
  #isEndAcked = false
  #isWriterWaiting = false

  /** `usesCredit`: whether the limit of all opened streams holds for this one, too. */
  constructor(id: number, limitBytes: number, account: SendAccount, owner: SendOwner, usesCredit: boolean) {
    this.id = id
    this.#limitBytes = limitBytes
    this.#account = account
    this.#owner = owner
    this.#usesCredit = usesCredit
  }

  get writtenBytes(): number {
    return this.#written
  }

  /** Never sent so far. */
  get unsentBytes(): number {
    return this.#written - this.#sent
  }

  /** All bytes below this offset have arrived. */
  get ackedBytes(): number {
    return this.#ackedTo
  }

  get queuedBytes(): number {
    return this.#written - this.#ackedTo
  }

  /** Takes more bytes. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Everything has arrived, the end included. */
  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** Keeps the bytes; the caller does not touch them again. False: enough waits, the writer should, too. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length > 0) {
      this.#chunks.push({ start: this.#written, bytes })
      this.#written += bytes.length
      this.#account.written(bytes.length)
      this.#owner.ready(this)
    }
    this.#isWriterWaiting = this.unsentBytes >= ENOUGH_UNSENT_BYTES
    return !this.#isWriterWaiting
  }

  /** Nothing will be written any more; the end goes with the last bytes. */
  finish(): void {
    if (this.#state !== 'open') return
    this.#state = 'finished'
    this.#owesEnd = true
    this.#account.finished()
    this.#owner.ready(this)
  }

  /** Drops what has not arrived. Returns how far it was sent: the size the peer has to reckon with (RFC 9000 §19.4). */
  reset(): number {
    this.#account.dropped(this.queuedBytes, this.unsentBytes)
    if (this.#state === 'finished') this.#account.ended()
    this.#state = 'reset'
    this.#chunks = []
    this.#firstChunk = this.#cursor = 0
    this.#acked = new RangeSet()
    this.#lost = new RangeSet()
    this.#written = this.#ackedTo = this.#sent
    this.#owesEnd = false
    this.queue?.remove(this)
    return this.#sent
  }

  /** Whether a writer that was told to wait may go on; says so once. */
  takeDrained(): boolean {
    if (!this.#isWriterWaiting || this.unsentBytes > ENOUGH_UNSENT_BYTES / 2) return false
    this.#isWriterWaiting = false
    return true
  }

  /** The peer's word; only ever upward (RFC 9000 §4.1). */
  raiseLimit(limitBytes: number): void {
    if (limitBytes <= this.#limitBytes) return
    this.#limitBytes = limitBytes
    if (this.unsentBytes > 0) this.#owner.ready(this)
  }

  /** 'ready': something may be sent now. 'held': only the limit of all streams is in the way. */
  get readiness(): 'ready' | 'held' | 'idle' {
    if (this.#lost.size > 0 || (this.#owesEnd && this.#sent === this.#written)) return 'ready'
    if (this.#newBytes <= 0) return 'idle'
    return this.#credit > 0 ? 'ready' : 'held'
  }

  /** The next piece, lost ones first, of at most `room` bytes; one of no bytes says that the stream has ended. */
  next(room: number): SentSlice | undefined {
    const lost = this.#lost.first
    if (lost) return this.#takeLost(lost.start, Math.min(room, lost.end - lost.start))
    const length = Math.min(room, this.#newBytes, this.#credit)
    const isLast = this.#owesEnd && this.#sent + Math.max(0, length) === this.#written
    if (length <= 0 && !isLast) return undefined
    const slice = SentSlice.of(this, this.#sent, Math.max(0, length), isLast)
    this.#advance(slice)
    return slice
  }

  /** The bytes of a piece, into a packet. */
  copyTo(out: PacketWriter, slice: Slice): void {
    const end = slice.offset + slice.length
    let at = slice.offset
    for (let index = this.#find(at); at < end; index++) {
      const { start, bytes } = this.#chunks[index]!
      const stop = Math.min(end, start + bytes.length)
      out.bytes(bytes, at - start, stop - start)
      at = stop
    }
  }

  acked(slice: Slice): void {
    if (this.#state === 'reset' || this.#state === 'complete') return
    if (slice.isLast) {
      this.#isEndAcked = true
      this.#owesEnd = false
    }
    const before = this.#ackedTo
    this.#ackBytes(slice.offset, slice.offset + slice.length)
    if (this.#ackedTo > before) this.#account.arrived(this.#ackedTo - before)
    const isComplete = this.#isEndAcked && this.#ackedTo === this.#written
    if (isComplete) {
      this.#state = 'complete'
      this.#account.ended()
    }
    if (isComplete || this.#ackedTo > before) this.#owner.progressed()
  }

  lost(slice: Slice): void {
    if (this.#state === 'reset' || this.#state === 'complete') return
    const end = slice.offset + slice.length
    this.#lost.add(Math.max(slice.offset, this.#ackedTo), end)
    for (let i = 0; i < this.#acked.size; i++) {
      const { start, end: stop } = this.#acked.at(i)!
      this.#lost.remove(Math.max(start, slice.offset), Math.min(stop, end))
    }
    if (slice.isLast && !this.#isEndAcked) this.#owesEnd = true
    this.#owner.ready(this)
  }

  #takeLost(start: number, length: number): SentSlice {
    const isLast = this.#owesEnd && start + length === this.#written
    if (isLast) this.#owesEnd = false
    this.#lost.remove(start, start + length)
    this.#account.resent(length)
    return SentSlice.of(this, start, length, isLast)
  }

  #advance(slice: Slice): void {
    const { length } = slice
    this.#sent += length
    if (slice.isLast) this.#owesEnd = false
    this.#account.sent(length, this.#usesCredit)
    const isEnough = this.#isWriterWaiting && this.unsentBytes <= ENOUGH_UNSENT_BYTES / 2
    if (isEnough) this.#owner.progressed()
  }

  #ackBytes(start: number, end: number): void {
    this.#lost.remove(start, end)
    if (end <= this.#ackedTo) return
    if (start > this.#ackedTo || this.#acked.size > 0) {
      this.#acked.add(Math.max(start, this.#ackedTo), end)
      if (this.#acked.first!.start > this.#ackedTo) return
      this.#ackedTo = this.#acked.first!.end
      this.#acked.dropFirst()
    } else this.#ackedTo = end
    this.#forget()
  }

  /** What was never sent, as far as the stream's own limit lets it go. */
  get #newBytes(): number {
    return Math.min(this.#written, this.#limitBytes) - this.#sent
  }

  get #credit(): number {
    return this.#usesCredit ? this.#account.creditBytes : Infinity
  }

  /** New data continues where the last piece ended, so the cursor is nearly always right; lost data is searched for. */
  #find(offset: number): number {
    let low = this.#firstChunk
    let high = this.#chunks.length - 1
    const cursor = this.#chunks[this.#cursor]
    if (cursor && cursor.start <= offset) {
      low = this.#cursor
      while (low < high && this.#chunks[low + 1]!.start <= offset) low++
      return (this.#cursor = low)
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#chunks[middle]!.start <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  #forget(): void {
    while (this.#firstChunk < this.#chunks.length) {
      const { start, bytes } = this.#chunks[this.#firstChunk]!
      if (start + bytes.length > this.#ackedTo) break
      this.#firstChunk++
      returnBytes(bytes)
    }
    const { length } = this.#chunks
    const isHalf = this.#firstChunk >= COMPACT_AT && 2 * this.#firstChunk >= length
    if (!isHalf && this.#firstChunk < length) return
    this.#chunks.splice(0, this.#firstChunk)
    this.#cursor = Math.max(0, this.#cursor - this.#firstChunk)
    this.#firstChunk = 0
  }
}
