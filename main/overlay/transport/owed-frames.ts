// Small frames that say how things are now (limits, resets): each is owed from the moment something changes, written with the state
// of that later moment, and owed again where the packet was lost.

import { type PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, MAX_STREAM_CONTROL_BYTES, writeFrame } from '../wire/packet-frames.ts'
import { type SentFrame } from './congestion/sent-packet.ts'

export class OwedFrame implements SentFrame {
  isQueued = false
  readonly #queue: OwedFrames
  readonly #frame: () => Frame | undefined
  readonly #onAcked: (() => void) | undefined

  /** `frame`: what there is to say, at most MAX_STREAM_CONTROL_BYTES; undefined where it is of no use any more. */
  constructor(queue: OwedFrames, frame: () => Frame | undefined, onAcked?: () => void) {
    this.#queue = queue
    this.#frame = frame
    this.#onAcked = onAcked
  }

  owe(): void {
    this.#queue.add(this)
  }

  /** Returns whether there was something to say. */
  writeTo(out: PacketWriter): boolean {
    const frame = this.#frame()
    if (frame) writeFrame(out, frame)
    return frame !== undefined
  }

  acked(): void {
    this.#onAcked?.()
  }

  lost(): void {
    if (this.#frame()) this.owe()
  }
}

export class OwedFrames {
  readonly #queue: OwedFrame[] = []
  #next = 0

  get isEmpty(): boolean {
    return this.#next === this.#queue.length
  }

  add(frame: OwedFrame): void {
    if (frame.isQueued) return
    frame.isQueued = true
    this.#queue.push(frame)
  }

  /** As many as there is room for, in the order they came to be owed. */
  write(out: PacketWriter, frames: SentFrame[]): void {
    while (!this.isEmpty && out.room >= MAX_STREAM_CONTROL_BYTES) {
      const frame = this.#queue[this.#next++]!
      frame.isQueued = false
      if (frame.writeTo(out)) frames.push(frame)
    }
    if (!this.isEmpty) return
    this.#queue.length = this.#next = 0
  }
}
