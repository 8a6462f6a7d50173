// The receiving half of a stream: puts pieces in order and hands them on, and counts what the peer may still send. A reader
// that pauses finds what came meanwhile; the stream's window bounds how much that is.
//
//   open --the last byte was handed on, or a reset--> over
//
// What arrives is a view into the packet, and is handed on as such; it is copied here where it has to wait.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type ReceiveWindow } from './receive-window.ts'

interface Fragment {
  start: number
  bytes: Bytes
}

/**
 * Pieces kept out of order by all streams of a session. They never overlap, so their bytes are within the streams' windows; this
 * bounds what comes on top of the bytes, where they come one by one: some 200 bytes for each piece. The pieces past it are sent
 * again. The piece that comes next in its stream is always taken.
 */
export const MAX_FRAGMENTS = 4096
/**
 * Chosen: what a paused reader has not taken is kept in blocks of up to so much, so that small writes cost no more. A block is no
 * larger than what waits already, so that many streams with a few bytes each cost little.
 */
const MAX_BLOCK_BYTES = 16 * 1024
/** Chosen: what an engine keeps within the array's own object. */
const MIN_BLOCK_BYTES = 64

/** Shared by the streams of one session: what they keep out of order. */
export class FragmentBudget {
  used = 0
  bytes = 0
}

export interface ReceiveOwner {
  /** The next bytes; valid during the call only. */
  deliver(bytes: Uint8Array): void
  /** All bytes were delivered, and there are no more. Called once, and not where the stream was reset or discarded. */
  end(): void
  /** So many bytes take no memory here any more. */
  consumed(bytes: number): void
  /** The peer should hear this stream's new limit. */
  owesLimit(): void
}

interface Block {
  bytes: Bytes
  filled: number
}

export class ReceiveStream {
  readonly #window: ReceiveWindow
  readonly #budget: FragmentBudget
  readonly #owner: ReceiveOwner
  #fragments: Fragment[] = [] // by start, above #next when they came, never overlapping
  #unread: Block[] = [] // what a paused reader has not taken
  #next = 0 // everything below has arrived
  #consumed = 0
  #highest = 0
  #end: number | undefined
  #isPaused = false
  #isDiscarding = false
  #isOver = false

  constructor(window: ReceiveWindow, budget: FragmentBudget, owner: ReceiveOwner) {
    this.#window = window
    this.#budget = budget
    this.#owner = owner
  }

  /** How far the peer has sent. */
  get highestBytes(): number {
    return this.#highest
  }

  get limitBytes(): number {
    return this.#window.limitBytes
  }

  get fragmentCount(): number {
    return this.#fragments.length
  }

  /** Nothing that arrives will change anything any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Bytes have come in order that a paused reader has not taken. */
  get hasUnread(): boolean {
    return this.#unread.length > 0
  }

  /** A new limit is of no use once the peer has said how long the stream is. */
  get needsLimit(): boolean {
    return this.#end === undefined && !this.#isOver
  }

  /**
   * Takes a piece. Returns false where there is no room for one more fragment: the packet must then not be acknowledged.
   * Errors: quota past the limit we gave, malformed past the end.
   */
  receive(offset: number, data: Uint8Array, isLast: boolean): boolean {
    const end = offset + data.length
    this.#checkLimit(end)
    this.#checkEnd(end, isLast)
    if (this.#isOver) return true
    if (!this.#isDiscarding && end > this.#next && offset > this.#next && !this.#keep(offset, data))
      return false
    this.#highest = Math.max(this.#highest, end)
    if (this.#isDiscarding) this.#discardAll()
    else if (offset <= this.#next && end > this.#next) {
      this.#advance(data, this.#next - offset)
      this.#drain()
    }
    this.#endIfRead()
    return true
  }

  /** The peer gives the stream up at a size: false where it had ended already. Errors as for `receive`. */
  reset(size: number): boolean {
    this.#checkLimit(size)
    this.#checkEnd(size, true)
    if (this.#isOver) return false
    const wasRead = this.#isDiscarding
    this.#highest = size
    this.#isDiscarding = true
    this.#discardAll()
    return !wasRead
  }

  /** What is missing before them will not come any more. */
  dropFragments(): void {
    this.#replace(0, this.#fragments.length)
  }

  /** From now on nothing is kept or delivered. */
  discard(): void {
    this.#isDiscarding = true
    this.#discardAll()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#unread.length > 0) {
      const { bytes, filled } = this.#unread.shift()!
      this.#hand(filled === bytes.length ? bytes : bytes.subarray(0, filled))
    }
    this.#endIfRead()
  }

  #checkLimit(end: number): void {
    if (end > this.#window.limitBytes) throw new BanyanError('quota', 'a stream past its flow control limit')
  }

  /** RFC 9000 §4.5: the final size never changes, and nothing lies beyond it. */
  #checkEnd(end: number, isLast: boolean): void {
    const moved = isLast && (end < this.#highest || (this.#end !== undefined && this.#end !== end))
    if (moved || (this.#end !== undefined && end > this.#end))
      throw new BanyanError('malformed', 'a stream that changes its end')
    if (isLast) this.#end = end
  }

  /** Keeps what of a piece is not kept yet: what lies wholly in it goes, and it is cut where others reach into it. */
  #keep(start: number, data: Uint8Array): boolean {
    const fragments = this.#fragments
    let from = fragments.length
    while (from > 0 && endOf(fragments[from - 1]!) > start) from--
    let end = start + data.length
    let cut = start
    if (from < fragments.length && fragments[from]!.start <= start) cut = endOf(fragments[from++]!)
    let to = from
    while (to < fragments.length && endOf(fragments[to]!) <= end) to++
    if (to < fragments.length) end = Math.min(end, fragments[to]!.start)
    if (cut >= end) return true
    if (to === from && this.#budget.used >= MAX_FRAGMENTS) return false
    const bytes = Uint8Array.from(data.subarray(cut - start, end - start)) // without the packet around it
    this.#replace(from, to, { start: cut, bytes })
    return true
  }

  /** Takes the fragments of these positions out, and perhaps another in. */
  #replace(from: number, to: number, added?: Fragment): void {
    const gone = added
      ? this.#fragments.splice(from, to - from, added)
      : this.#fragments.splice(from, to - from)
    this.#budget.used += (added ? 1 : 0) - gone.length
    this.#budget.bytes += added?.bytes.length ?? 0
    for (const { bytes } of gone) this.#budget.bytes -= bytes.length
  }

  #advance(bytes: Uint8Array, skipped: number): void {
    const fresh = skipped > 0 ? bytes.subarray(skipped) : bytes
    this.#next += fresh.length
    if (this.#isDiscarding) return
    if (this.#isPaused || this.#unread.length > 0) this.#store(fresh)
    else this.#hand(fresh)
  }

  #drain(): void {
    let used = 0
    while (used < this.#fragments.length && this.#fragments[used]!.start <= this.#next) {
      const { start, bytes } = this.#fragments[used++]!
      if (start + bytes.length > this.#next) this.#advance(bytes, this.#next - start)
    }
    if (used > 0) this.#replace(0, Math.min(used, this.#fragments.length)) // fewer where the reader gave the stream up
  }

  #store(bytes: Uint8Array): void {
    const last = this.#unread[this.#unread.length - 1]
    const fitting = last ? Math.min(bytes.length, last.bytes.length - last.filled) : 0
    if (last && fitting > 0) {
      last.bytes.set(bytes.subarray(0, fitting), last.filled)
      last.filled += fitting
    }
    if (fitting === bytes.length) return
    const rest = bytes.subarray(fitting)
    const waitingBytes = Math.min(this.#next - this.#consumed, MAX_BLOCK_BYTES)
    const block: Bytes = new Uint8Array(Math.max(rest.length, waitingBytes, MIN_BLOCK_BYTES))
    block.set(rest)
    this.#unread.push({ bytes: block, filled: rest.length })
  }

  #hand(bytes: Uint8Array): void {
    const { length } = bytes
    this.#owner.deliver(bytes)
    if (!this.#isDiscarding) this.#consume(length) // else the reader has given the stream up, with this in it
  }

  #consume(bytes: number): void {
    this.#consumed += bytes
    this.#owner.consumed(bytes)
    if (this.#window.consume(bytes) && this.needsLimit) this.#owner.owesLimit()
  }

  /** Gives back all that was kept, and all that will never be read. */
  #discardAll(): void {
    this.dropFragments()
    this.#unread = []
    this.#consume(this.#highest - this.#consumed)
    if (this.#end !== undefined) this.#isOver = true
  }

  #endIfRead(): void {
    if (this.#isOver || this.#next !== this.#end || this.#unread.length > 0) return
    this.#isOver = true
    this.#owner.end()
  }
}

function endOf({ start, bytes }: Fragment): number {
  return start + bytes.length
}
