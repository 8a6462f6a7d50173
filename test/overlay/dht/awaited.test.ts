import { expect, it } from 'vitest'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { Awaited } from '../../../main/overlay/dht/awaited.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const keyOf = (n: number): Id => n.toString(16).padStart(64, '0') as Id
const peerOf = (n: number): NodeId => keyOf(n) as NodeId

it('waits for so much of one neighbour, and for so much of all, until their time is over', async () => {
  const queue = new EventQueue()
  const awaited = new Awaited(new VirtualClock(queue))
  const addedOf = (peer: number, count: number): number => {
    let added = 0
    for (let n = 0; n < count; n++) if (awaited.add(peerOf(peer), keyOf(n))) added++
    return added
  }
  expect(addedOf(0, 10_000)).toBe(8192)
  for (let peer = 1; peer < 16; peer++) expect(addedOf(peer, 8192)).toBe(8192)
  expect(addedOf(16, 10)).toBe(0)
  expect(awaited.take(peerOf(3), keyOf(5))).toBe(true)
  expect(awaited.take(peerOf(3), keyOf(5))).toBe(false)
  expect(addedOf(16, 10)).toBe(1)
  awaited.forget(peerOf(4))
  expect(addedOf(16, 8192)).toBe(8192)
  await queue.runUntil(121_000)
  expect(addedOf(17, 10)).toBe(10)
  expect(addedOf(0, 10_000)).toBe(8192)
})

it('counts a key that is offered again once', () => {
  const awaited = new Awaited(new VirtualClock(new EventQueue()))
  for (let n = 0; n < 200_000; n++) expect(awaited.add(peerOf(n % 8), keyOf(1))).toBe(true)
  expect(awaited.add(peerOf(9), keyOf(1))).toBe(true)
})
