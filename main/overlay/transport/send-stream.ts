// The sending half of a stream: bytes wait here until the peer has acknowledged them. Lost pieces go first again.

import { type Bytes } from '../base/bytes.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { RangeSet } from './range-set.ts'

interface Chunk {
  start: number
  bytes: Uint8Array
}

export interface Slice {
  readonly offset: number
  readonly length: number
}

/** A piece to put into a packet; it tells its stream what became of it. */
export class SentSlice implements Slice, SentFrame {
  readonly offset: number
  readonly length: number
  readonly #stream: SendStream

  constructor(stream: SendStream, offset: number, length: number) {
    this.#stream = stream
    this.offset = offset
    this.length = length
  }

  acked(): void {
    this.#stream.acked(this)
  }

  lost(): void {
    this.#stream.lost(this)
  }
}

/** Chosen: forget acknowledged chunks in pieces of at least so many. */
const COMPACT_AT = 256

export class SendStream {
  readonly id: number
  #chunks: Chunk[] = []
  #firstChunk = 0
  #cursor = 0 // the chunk where new data goes on
  #written = 0
  #sent = 0 // everything below has been sent at least once
  #ackedTo = 0
  readonly #acked = new RangeSet() // beyond #ackedTo
  readonly #lost = new RangeSet()
  #limitBytes: number

  constructor(id: number, limitBytes: number) {
    this.id = id
    this.#limitBytes = limitBytes
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

  /** Keeps the bytes; the caller does not touch them again. */
  write(bytes: Uint8Array): void {
    this.#chunks.push({ start: this.#written, bytes })
    this.#written += bytes.length
  }

  /** The peer's word; only ever upward (RFC 9000 §4.1). */
  raiseLimit(limitBytes: number): void {
    this.#limitBytes = Math.max(this.#limitBytes, limitBytes)
  }

  /** Something may be sent now; `newBytes` is what the session's own limit leaves for bytes never sent before. */
  isReady(newBytes: number): boolean {
    return this.#lost.size > 0 || this.#newBytes(newBytes) > 0
  }

  /** The next piece, lost ones first, of at most `room` bytes. */
  next(room: number, newBytes: number): SentSlice | undefined {
    const lost = this.#lost.first
    if (lost) {
      const slice = new SentSlice(this, lost.start, Math.min(room, lost.end - lost.start))
      this.#lost.remove(slice.offset, slice.offset + slice.length)
      return slice
    }
    const length = Math.min(room, this.#newBytes(newBytes))
    if (length <= 0) return undefined
    const slice = new SentSlice(this, this.#sent, length)
    this.#sent += length
    return slice
  }

  /** The bytes of a piece: a view where one chunk holds it all, else put together. */
  read(slice: Slice): Uint8Array {
    let index = this.#find(slice.offset)
    const chunk = this.#chunks[index]!
    const from = slice.offset - chunk.start
    if (from + slice.length <= chunk.bytes.length) return chunk.bytes.subarray(from, from + slice.length)
    const joined: Bytes = new Uint8Array(slice.length)
    let filled = 0
    while (filled < slice.length) {
      const { start, bytes } = this.#chunks[index++]!
      const part = bytes.subarray(slice.offset + filled - start, slice.offset + slice.length - start)
      joined.set(part, filled)
      filled += part.length
    }
    return joined
  }

  acked(slice: Slice): void {
    const end = slice.offset + slice.length
    this.#lost.remove(slice.offset, end)
    if (end <= this.#ackedTo) return
    if (slice.offset > this.#ackedTo || this.#acked.size > 0) {
      this.#acked.add(Math.max(slice.offset, this.#ackedTo), end)
      if (this.#acked.first!.start > this.#ackedTo) return
      this.#ackedTo = this.#acked.first!.end
      this.#acked.dropFirst()
    } else this.#ackedTo = end
    this.#forget()
  }

  lost(slice: Slice): void {
    const end = slice.offset + slice.length
    this.#lost.add(Math.max(slice.offset, this.#ackedTo), end)
    for (let i = 0; i < this.#acked.size; i++) {
      const { start, end: stop } = this.#acked.at(i)!
      this.#lost.remove(Math.max(start, slice.offset), Math.min(stop, end))
    }
  }

  #newBytes(sessionBytes: number): number {
    return Math.min(this.#written - this.#sent, this.#limitBytes - this.#sent, sessionBytes)
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
    }
    if (this.#firstChunk < COMPACT_AT && this.#firstChunk < this.#chunks.length) return
    this.#chunks.splice(0, this.#firstChunk)
    this.#cursor = Math.max(0, this.#cursor - this.#firstChunk)
    this.#firstChunk = 0
  }
}
