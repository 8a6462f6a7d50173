// Streams waiting for their turn: a list through the streams themselves, so that entering, leaving and going to the back
// cost the same with ten thousand of them as with two. A stream stands in one queue at most.

import { type SendStream } from './send-stream.ts'

export class StreamQueue {
  #first: SendStream | undefined
  #last: SendStream | undefined

  get first(): SendStream | undefined {
    return this.#first
  }

  /** To the back; a stream that stands elsewhere leaves that place. */
  push(stream: SendStream): void {
    stream.queue?.remove(stream)
    stream.queue = this
    stream.before = this.#last
    if (this.#last) this.#last.after = stream
    else this.#first = stream
    this.#last = stream
  }

  remove(stream: SendStream): void {
    const { before, after } = stream
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    stream.queue = stream.before = stream.after = undefined
  }
}
