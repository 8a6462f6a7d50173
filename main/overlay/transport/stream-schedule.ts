// Which stream's bytes go next: the most urgent class that has something to send, its streams in turns. Streams enter when
// something happens to them and leave when they are found with nothing to send, so nothing is ever searched. Those that only
// the limit of all streams holds back stand aside until it is raised.

import { type SendStream } from './send-stream.ts'
import { StreamQueue } from './stream-queue.ts'
import { URGENCIES } from './urgency.ts'

export class StreamSchedule {
  // By urgency, made when first used, as is the one for those held back: most sessions only ever speak in one class.
  readonly #queues: (StreamQueue | undefined)[] = URGENCIES.map(() => undefined)
  #held: StreamQueue | undefined

  /** The stream may have something to send (again). */
  enter(stream: SendStream): void {
    const queue = (this.#queues[stream.urgency] ??= new StreamQueue())
    if (stream.queue !== queue) queue.push(stream)
  }

  /** The limit of all streams was raised. */
  release(): void {
    for (let stream = this.#held?.first; stream; stream = this.#held?.first) this.enter(stream)
  }

  /** The stream whose turn it is, which can send something; undefined where none can. */
  next(): SendStream | undefined {
    for (const queue of this.#queues)
      for (let stream = queue?.first; stream; stream = queue?.first) {
        const { readiness } = stream
        if (readiness === 'ready') return stream
        if (readiness === 'held') (this.#held ??= new StreamQueue()).push(stream)
        else queue!.remove(stream)
      }
    return undefined
  }

  /** It has had its turn. */
  toTheBack(stream: SendStream): void {
    stream.queue?.push(stream)
  }
}
