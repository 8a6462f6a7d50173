// Virtual time: a totally ordered queue of events (time, then sequence). Nothing else in a simulation decides what
// happens next, so one seed gives one history.

interface Event {
  atMs: number
  sequence: number
  action: (() => void) | undefined
}

export class EventQueue {
  #heap: Event[] = []
  #sequence = 0
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
    return this.#heap.length
  }

  /** Returns a cancel function. A time already past is refused: it would break the order. */
  at(atMs: number, action: () => void): () => void {
    if (atMs < this.#nowMs) throw new RangeError(`an event at ${atMs} ms when it is ${this.#nowMs} ms`)
    const event: Event = { atMs, sequence: this.#sequence++, action }
    this.#push(event)
    return () => {
      event.action = undefined
    }
  }

  /**
   * Runs everything due until the given moment and leaves the clock there. Promise continuations run between events, so
   * code that awaits a store sees the same order every time. `maxEvents` caps a runaway simulation.
   */
  async runUntil(untilMs: number, maxEvents = Infinity): Promise<void> {
    let left = maxEvents
    await settle()
    while (this.#heap.length > 0 && this.#heap[0]!.atMs <= untilMs) {
      const event = this.#pop()
      this.#nowMs = event.atMs
      if (!event.action) continue
      if (left-- <= 0) throw new Error(`more than ${maxEvents} events before ${untilMs} ms`)
      this.#processed++
      event.action()
      await settle()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let child = heap.push(event) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!before(event, heap[parent]!)) break
      heap[child] = heap[parent]!
      child = parent
    }
    heap[child] = event
  }

  #pop(): Event {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[parent] = heap[child]!
      parent = child
    }
    heap[parent] = last
    return first
  }
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}

/** Lets every promise that is already resolved run its continuations, several deep. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await undefined
}
