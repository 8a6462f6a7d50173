// A transfer that is watched: what arrives, in which order, and the longest pause in it.

import { type Link } from '../../../main/overlay/transport/links.ts'
import { type Peer, type World } from './world.ts'

/** Sends so many messages of `bytes` bytes over a link, `atOnce` of them unacknowledged; each is filled with its number. */
export function transfer(
  world: World,
  link: Link,
  to: Peer,
  { messages, bytes, atOnce }: { messages: number; bytes: number; atOnce: number },
): { arrived: number[]; stallMs: number } {
  const state = { arrived: [] as number[], stallMs: 0 }
  let lastMs = world.queue.nowMs
  let next = 0
  const sendOne = (): void => {
    if (next < messages)
      link.send(new Uint8Array(bytes).fill(next++), (isDelivered) => isDelivered && sendOne())
  }
  to.onMessage = (_link, message) => {
    state.arrived.push(message[bytes - 1]!)
    state.stallMs = Math.max(state.stallMs, world.queue.nowMs - lastMs)
    lastMs = world.queue.nowMs
  }
  for (let i = 0; i < atOnce; i++) sendOne()
  return state
}

/** What must have arrived. */
export function inOrder(messages: number): number[] {
  return Array.from({ length: messages }, (_, i) => i % 256)
}
