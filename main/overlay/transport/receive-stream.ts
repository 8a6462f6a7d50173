// The receiving half of a stream: puts pieces in order and hands them on, and counts what the peer may still send.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'

interface Fragment {
  start: number
  bytes: Bytes
}

/**
 * Pieces kept out of order: some 2.4 MB of full ones. It bounds what an endless row of single bytes can cost, and what a hole in
 * a wide window can; the pieces past it are sent again.
 */
const MAX_FRAGMENTS = 2048

export class ReceiveStream {
  readonly #windowBytes: number
  readonly #deliver: (bytes: Uint8Array) => void
  #fragments: Fragment[] = [] // by start, above #next, possibly overlapping
  #next = 0
  #highest = 0
  #end: number | undefined
  #limitBytes: number

  constructor(windowBytes: number, deliver: (bytes: Uint8Array) => void) {
    this.#windowBytes = this.#limitBytes = windowBytes
    this.#deliver = deliver
  }

  /** How far the peer has sent. */
  get highestBytes(): number {
    return this.#highest
  }

  get deliveredBytes(): number {
    return this.#next
  }

  get fragmentCount(): number {
    return this.#fragments.length
  }

  get isFinished(): boolean {
    return this.#next === this.#end
  }

  /**
   * Takes a piece; its bytes are copied where they have to wait. Returns false where there is no room for one more
   * fragment: the packet must then not be acknowledged. Errors: quota past the limit we gave, malformed past the end.
   */
  receive(offset: number, data: Uint8Array, isLast: boolean): boolean {
    const end = offset + data.length
    if (end > this.#limitBytes) throw new BanyanError('quota', 'a stream past its flow control limit')
    this.#checkEnd(end, isLast)
    if (end > this.#next && offset > this.#next && !this.#keep(offset, data)) return false
    this.#highest = Math.max(this.#highest, end)
    if (offset <= this.#next && end > this.#next) {
      this.#advance(data.subarray(this.#next - offset))
      this.#drain()
    }
    return true
  }

  /** The new limit to tell the peer, once half the window is used up; undefined while the old one will do. */
  nextLimit(): number | undefined {
    if (this.#next + this.#windowBytes / 2 < this.#limitBytes) return undefined
    this.#limitBytes = this.#next + this.#windowBytes
    return this.#limitBytes
  }

  /** RFC 9000 §4.5: the final size never changes, and nothing lies beyond it. */
  #checkEnd(end: number, isLast: boolean): void {
    const moved = isLast && (end < this.#highest || (this.#end !== undefined && this.#end !== end))
    if (moved || (this.#end !== undefined && end > this.#end))
      throw new BanyanError('malformed', 'a stream that changes its end')
    if (isLast) this.#end = end
  }

  #keep(start: number, data: Uint8Array): boolean {
    const fragments = this.#fragments
    let at = fragments.length
    while (at > 0 && fragments[at - 1]!.start > start) at--
    const before = fragments[at - 1]
    if (before && before.start + before.bytes.length >= start + data.length) return true
    if (fragments.length >= MAX_FRAGMENTS) return false
    fragments.splice(at, 0, { start, bytes: Uint8Array.from(data) })
    return true
  }

  #advance(bytes: Uint8Array): void {
    this.#next += bytes.length
    this.#deliver(bytes)
  }

  #drain(): void {
    let used = 0
    while (used < this.#fragments.length && this.#fragments[used]!.start <= this.#next) {
      const { start, bytes } = this.#fragments[used++]!
      if (start + bytes.length > this.#next) this.#advance(bytes.subarray(this.#next - start))
    }
    if (used > 0) this.#fragments.splice(0, used)
  }
}
