import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'

describe('virtual time', () => {
  it('runs events by time, and those of one moment in the order they were made', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 200 }), async (times) => {
        const queue = new EventQueue()
        const seen: [number, number][] = []
        times.forEach((atMs, order) => queue.at(atMs, () => seen.push([queue.nowMs, order])))
        await queue.runUntil(100)
        expect(seen).toEqual([...seen].sort((a, b) => a[0] - b[0] || a[1] - b[1]))
        expect(seen.length).toBe(times.length)
        expect(queue.nowMs).toBe(100)
      }),
    )
  })

  it('lets promise continuations run before the next event', async () => {
    const queue = new EventQueue()
    const seen: string[] = []
    queue.at(1, () => void Promise.resolve().then(() => seen.push('continuation')))
    queue.at(1, () => seen.push('next event'))
    await queue.runUntil(2)
    expect(seen).toEqual(['continuation', 'next event'])
  })

  it('lets a chain of continuations end, however long it is, and wakes those of promises made before', async () => {
    const queue = new EventQueue()
    const seen: string[] = []
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    void gate.then(() => seen.push('gate'))
    queue.at(1, async () => {
      for (let i = 0; i < 100; i++) await undefined
      seen.push('chain')
    })
    queue.at(1, () => void seen.push('next event'))
    queue.at(2, open)
    queue.at(2, () => void seen.push('last event'))
    await queue.runUntil(2)
    expect(seen).toEqual(['chain', 'next event', 'gate', 'last event'])
  })

  it('refuses the past, forgets what was cancelled, and stops a runaway', async () => {
    const queue = new EventQueue()
    let ran = 0
    const cancel = queue.at(5, () => ran++)
    cancel()
    await queue.runUntil(10)
    expect(ran).toBe(0)
    expect(() => queue.at(9, () => undefined)).toThrow(RangeError)
    const again = (): void => void queue.at(queue.nowMs, again)
    again()
    await expect(queue.runUntil(11, 1000)).rejects.toThrow('too many events')
  })

  it('a cancel that comes too late does not hit the event that took the place', async () => {
    const queue = new EventQueue()
    const seen: string[] = []
    const cancelFirst = queue.at(1, () => seen.push('first'))
    await queue.runUntil(1)
    queue.at(2, () => seen.push('second'))
    cancelFirst()
    await queue.runUntil(3)
    expect(seen).toEqual(['first', 'second'])
    expect(queue.processed).toBe(2)
  })

  it('draws the same chance from the same seed, evenly', () => {
    const one = new SeededRandom(7)
    const two = new SeededRandom(7)
    expect(Array.from({ length: 20 }, () => one.unit())).toEqual(Array.from({ length: 20 }, () => two.unit()))
    const counts = Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) counts[one.below(10)]!++
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1150)
  })
})
