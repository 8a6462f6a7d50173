import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventHeap } from '../../simulator/kernel/event-heap.ts'
import { ObjectHeap } from '../../simulator/kernel/object-heap.ts'

type Step = { kind: 'push'; atMs: number } | { kind: 'pop' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), atMs: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'pop' }) },
)

/** What comes out of a heap, in its order, when these steps are taken. */
function history(heap: EventHeap | ObjectHeap, steps: readonly Step[]): string[] {
  const seen: string[] = []
  let nowMs = 0
  const pop = (): void => {
    nowMs = heap.nextMs
    heap.pop()()
  }
  for (const [i, each] of steps.entries()) {
    // As in virtual time, nothing is planned for the past.
    if (each.kind === 'push') heap.push(nowMs + each.atMs, () => seen.push(`${i} at ${nowMs}`))
    else if (heap.size > 0) pop()
  }
  while (heap.size > 0) pop()
  return seen
}

it('the typed heap tells the same history as the plain one, whatever is pushed and popped', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
      expect(history(new EventHeap(), steps)).toEqual(history(new ObjectHeap(), steps))
    }),
    { numRuns: 60 },
  )
})
