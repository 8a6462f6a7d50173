// The streams that the two sides of a session have opened, and the limits they share: how much the peer may send on all of
// them together, and how many it may open.

import { BanyanError } from '../base/errors.ts'
import { OwedFrame } from './owed-frames.ts'
import { ReceiveWindow } from './receive-window.ts'
import { StreamTable } from './stream-table.ts'
import { Stream, type StreamHost } from './stream.ts'

/** What each side may send on all opened streams together before it hears a new limit. Part of the protocol. */
export const SESSION_WINDOW_BYTES = 1024 * 1024
/** Chosen: twice what one stream's window grows to, so that one stream that is not read leaves room for the others. */
const MAX_SESSION_WINDOW_BYTES = 16 * SESSION_WINDOW_BYTES

export class OpenedStreams {
  readonly table: StreamTable
  readonly #window: ReceiveWindow
  readonly #maxData: OwedFrame
  readonly #maxStreams: OwedFrame
  #receivedBytes = 0 // as far as the peer has sent

  /** `opened`: told of the peer's streams before their first frame is. */
  constructor(isInitiator: boolean, host: StreamHost, opened: (stream: Stream) => void) {
    this.table = new StreamTable(isInitiator, (id) => new Stream(id, host), opened)
    this.#window = new ReceiveWindow(host.pace, SESSION_WINDOW_BYTES, MAX_SESSION_WINDOW_BYTES)
    this.#maxData = new OwedFrame(host.owed, () => ({
      type: 'max-data',
      limitBytes: this.#window.limitBytes,
    }))
    this.#maxStreams = new OwedFrame(host.owed, () => ({
      type: 'max-streams',
      count: this.table.grantedCount,
    }))
  }

  /** False where the piece could not be kept. Errors: malformed, quota. */
  received(id: number, offset: number, data: Uint8Array, isLast: boolean): boolean {
    const stream = this.table.find(id)
    if (!stream) return true
    const before = stream.highestBytes
    this.#checkLimit(offset + data.length - before)
    const isKept = stream.received(offset, data, isLast)
    this.#receivedBytes += stream.highestBytes - before
    return isKept
  }

  /** Errors: malformed, quota. */
  wasReset(id: number, code: number, size: number): void {
    const stream = this.table.find(id)
    if (!stream) return
    const before = stream.highestBytes
    this.#checkLimit(size - before)
    stream.wasReset(code, size)
    this.#receivedBytes += stream.highestBytes - before
  }

  /** So many bytes take no memory any more. */
  consumed(bytes: number): void {
    if (this.#window.consume(bytes)) this.#maxData.owe()
  }

  /** Both halves are over. */
  over(stream: Stream): void {
    if (this.table.remove(stream.id)) this.#maxStreams.owe()
  }

  #checkLimit(grownBytes: number): void {
    if (grownBytes > 0 && this.#receivedBytes + grownBytes > this.#window.limitBytes)
      throw new BanyanError('quota', 'past the limit of all streams')
  }
}
