// A piece of a stream in a packet under way; it tells its stream what became of it. There is one for nearly every packet, so
// they are used again.

import { type SentFrame } from './congestion/sent-packet.ts'
import { type SendStream } from './send-stream.ts'

export interface Slice {
  readonly offset: number
  readonly length: number
  /** The stream ends behind it. */
  readonly isLast: boolean
}

/** Chosen: as many as packets are kept (congestion/sent-packet.ts). */
const MAX_SPARE = 2048
const spare: SentSlice[] = []

export class SentSlice implements Slice, SentFrame {
  offset = 0
  length = 0
  isLast = false
  #stream: SendStream | undefined

  static of(stream: SendStream, offset: number, length: number, isLast: boolean): SentSlice {
    const slice = spare.pop() ?? new SentSlice()
    slice.#stream = stream
    slice.offset = offset
    slice.length = length
    slice.isLast = isLast
    return slice
  }

  acked(): void {
    this.#stream?.acked(this)
  }

  lost(): void {
    this.#stream?.lost(this)
  }

  released(): void {
    this.#stream = undefined
    if (spare.length < MAX_SPARE) spare.push(this)
  }
}
