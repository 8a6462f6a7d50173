// The opened streams of a session by their numbers. The initiator of the handshake opens 4, 6, 8, ..., the other side
// 5, 7, 9, ...; each in order, at most as many in all as the other has granted, and more are granted as streams end. Of those
// that are over only the numbers are kept, as ranges: a late frame is recognised by them, and the streams still open bound how many
// ranges there are.

import { BanyanError } from '../base/errors.ts'
import { RangeSet } from './range-set.ts'
import { type Stream } from './stream.ts'

/** 0 to 2 carry messages. */
export const FIRST_OPENED_ID = 4
/** How many each side may have open before it hears of more. Part of the protocol: both sides start from it. */
export const MAX_OPEN_STREAMS = 4096

export class StreamTable {
  readonly #side: 0 | 1
  readonly #make: (id: number) => Stream
  readonly #opened: (stream: Stream) => void
  readonly #open = new Map<number, Stream>()
  readonly #over = new RangeSet() // positions of the peer's streams
  #openedCount = 0 // ours
  #mayOpenCount = MAX_OPEN_STREAMS // ours, by the peer's word
  #overCount = 0 // the peer's
  #grantedCount = MAX_OPEN_STREAMS // the peer's

  /** `opened`: told of the peer's streams before their first frame is. */
  constructor(isInitiator: boolean, make: (id: number) => Stream, opened: (stream: Stream) => void) {
    this.#side = isInitiator ? 0 : 1
    this.#make = make
    this.#opened = opened
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Ranges of numbers kept of streams that are over; for the tests that watch memory. */
  get overRanges(): number {
    return this.#over.size
  }

  /** How many streams the peer may open in all. */
  get grantedCount(): number {
    return this.#grantedCount
  }

  all(): Iterable<Stream> {
    return this.#open.values()
  }

  /** Errors: quota, where the peer allows no more now. */
  open(): Stream {
    if (this.#openedCount >= this.#mayOpenCount)
      throw new BanyanError('quota', 'the peer takes no more streams now')
    return this.#add(FIRST_OPENED_ID + 2 * this.#openedCount++ + this.#side)
  }

  /**
   * The stream of a frame; undefined where it is over. The peer may open it with this frame. Errors: malformed, for one of ours that
   * was never opened; quota, for more than were granted.
   */
  find(id: number): Stream | undefined {
    const stream = this.#open.get(id)
    if (stream) return stream
    if (id < FIRST_OPENED_ID) throw new BanyanError('malformed', `a frame of stream ${id}`)
    if (this.#isOurs(id)) {
      if (positionOf(id) < this.#openedCount) return undefined
      throw new BanyanError('malformed', `stream ${id}, which nobody opened`)
    }
    if (positionOf(id) >= this.#grantedCount) throw new BanyanError('quota', 'more streams than were granted')
    if (this.#over.has(positionOf(id))) return undefined
    const added = this.#add(id)
    this.#opened(added)
    return added
  }

  /** The peer's word; only ever upward. */
  raise(count: number): void {
    this.#mayOpenCount = Math.max(this.#mayOpenCount, count)
  }

  /** Forgets a stream. Returns whether the peer should hear that it may open more. */
  remove(id: number): boolean {
    if (!this.#open.delete(id) || this.#isOurs(id)) return false
    const position = positionOf(id)
    this.#over.add(position, position + 1)
    const mayOpenCount = ++this.#overCount + MAX_OPEN_STREAMS
    if (mayOpenCount - this.#grantedCount < MAX_OPEN_STREAMS / 2) return false
    this.#grantedCount = mayOpenCount
    return true
  }

  #isOurs(id: number): boolean {
    return id % 2 === this.#side
  }

  #add(id: number): Stream {
    const stream = this.#make(id)
    this.#open.set(id, stream)
    return stream
  }
}

function positionOf(id: number): number {
  return Math.floor((id - FIRST_OPENED_ID) / 2)
}
