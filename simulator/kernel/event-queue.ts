// Virtual time: a totally ordered queue of events (time, then sequence). Nothing else in a simulation decides what
// happens next, so one seed gives one history. Promise continuations are part of the event that woke them: the next
// event waits until none is left, however deep they go.

import { EventHeap } from './event-heap.ts'
import { promiseActivity, queueUncounted, watchPromises } from './promise-activity.ts'

/** Something that happens at its moment. What is planned by the million is an object of its own kind, not a closure. */
export interface Event {
  /** A cancelled event is passed over and not counted. */
  readonly isCancelled: boolean
  run(): void
}

export class EventQueue {
  readonly #heap = new EventHeap<Event>()
  #nowMs = 0
  #processed = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** Events run so far. */
  get processed(): number {
    return this.#processed
  }

  get pending(): number {
    return this.#heap.size
  }

  /** Returns a cancel function. A time already past is refused: it would break the order. */
  at(atMs: number, action: () => void): () => void {
    const event = new PlannedAction(action)
    this.plan(atMs, event)
    return () => event.cancel()
  }

  /** As `at`, for those who bring the event. */
  plan(atMs: number, event: Event): void {
    // Written so that a time that is no number is refused as well.
    if (!(atMs >= this.#nowMs)) throw new RangeError(`an event at ${atMs} ms when it is ${this.#nowMs} ms`)
    this.#heap.push(atMs, event)
  }

  /** Runs everything due until the given moment and leaves the clock there. `maxEvents` caps a runaway simulation. */
  async runUntil(untilMs: number, maxEvents = Infinity): Promise<void> {
    const stopWatching = watchPromises()
    try {
      const lastAllowed = this.#processed + maxEvents
      // What was settled before anybody watched cannot be seen: one round in any case, and then while there is news.
      let isQuiet = false
      while (!isQuiet) {
        await settled()
        isQuiet = this.#runWhileQuiet(untilMs, lastAllowed)
      }
      this.#nowMs = Math.max(this.#nowMs, untilMs)
    } finally {
      stopWatching()
    }
  }

  /** False where promises were touched on the way, and their continuations are to be run before the next event. */
  #runWhileQuiet(untilMs: number, lastAllowed: number): boolean {
    const heap = this.#heap
    const before = promiseActivity()
    while (heap.nextMs <= untilMs) {
      this.#nowMs = heap.nextMs
      const event = heap.pop()
      if (event.isCancelled) continue
      if (this.#processed >= lastAllowed) throw new Error(`too many events before ${untilMs} ms`)
      this.#processed++
      event.run()
      if (promiseActivity() !== before) return false
    }
    return true
  }
}

export class PlannedAction implements Event {
  #action: (() => void) | undefined

  constructor(action: () => void) {
    this.#action = action
  }

  get isCancelled(): boolean {
    return this.#action === undefined
  }

  run(): void {
    const action = this.#action
    this.#action = undefined
    action?.()
  }

  /** After it has run there is nothing left to cancel. */
  cancel(): void {
    this.#action = undefined
  }
}

/** Resolves when every continuation has run, and those that they woke. Microtasks run in the order they were queued. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    let seen = promiseActivity()
    const look = (): void => {
      if (promiseActivity() === seen) return resolve()
      seen = promiseActivity()
      queueUncounted(look)
    }
    queueUncounted(look)
  })
}
