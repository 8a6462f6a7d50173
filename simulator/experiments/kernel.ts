// How fast events come out of the queue: each run event plans another, with so many waiting all the time.

import { EventHeap } from '../kernel/event-heap.ts'
import { ObjectHeap } from '../kernel/object-heap.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'

const EVENTS = 1_000_000
const PENDING = [10_000, 100_000, 1_000_000]

/** Events per second by `now`, a clock in milliseconds that only the caller may read. */
export function measureKernel(seed: number, now: () => number): { name: string; perSecond: number }[] {
  return PENDING.flatMap((pending) => [
    { name: `typedHeap${pending}`, perSecond: hold(new EventHeap(), pending, seed, now) },
    { name: `objectHeap${pending}`, perSecond: hold(new ObjectHeap(), pending, seed, now) },
  ])
}

function hold(heap: EventHeap | ObjectHeap, pending: number, seed: number, now: () => number): number {
  const random = new SeededRandom(seed)
  let nowMs = 0
  const plan = (): void => void heap.push(nowMs + 60_000 * random.unit(), plan)
  for (let i = 0; i < pending; i++) plan()
  const startedMs = now()
  for (let i = 0; i < EVENTS; i++) {
    nowMs = heap.nextMs
    heap.pop()!()
  }
  return (1000 * EVENTS) / (now() - startedMs)
}
