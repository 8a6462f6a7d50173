// The plain way to order events: objects in a binary heap. The naive twin that the typed heap is checked against, and the
// yardstick that `npm run sim -- kernel` measures it with.

interface Placed<E> {
  atMs: number
  sequence: number
  event: E
}

export class ObjectHeap<E = () => void> {
  readonly #heap: Placed<E>[] = []
  #sequence = 0

  get size(): number {
    return this.#heap.length
  }

  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity
  }

  push(atMs: number, event: E): void {
    const placed = { atMs, sequence: this.#sequence++, event }
    const heap = this.#heap
    let child = heap.push(placed) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!before(placed, heap[parent]!)) break
      heap[child] = heap[parent]!
      child = parent
    }
    heap[child] = placed
  }

  /** The first event. There must be one. */
  pop(): E {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first.event
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
    return first.event
  }
}

function before(a: Placed<unknown>, b: Placed<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}
