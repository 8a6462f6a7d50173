// One-to-one messages between two real processes on loopback, each behind its window's bridge: the time from the text
// box's call to the event that changes the other window's state, and how fast 10,000 queued messages get through.
// The clock starts before `messages.send` leaves the sender's window and stops when the receiver's window has the message,
// so both bridges, both disks (a synced write on each side) and the encryption are in it.

import { Person } from '../test/drive/person.ts'
import { scratchFolder } from '../test/drive/scratch-folder.ts'
import { median, percentile, report } from './report.ts'

const WARM_UP = 50
const SINGLE_MESSAGES = 300
const QUEUED_MESSAGES = 10_000
/** Calls that a window has in flight while it queues: the web bridge allows 128. */
const CALLS_IN_FLIGHT = 100

export async function benchMessage(): Promise<void> {
  const scratch = scratchFolder('bench-message')
  const alice = await Person.firstRun('Alice', { data: scratch.at('alice') })
  const bob = await Person.firstRun('Bob', { data: scratch.at('bob') })
  try {
    const { id: withAlice } = await bob.add(await alice.invitation())
    await bob.accepted(withAlice)
    await measure(bob, withAlice, alice)
  } finally {
    await Promise.all([alice.stop(), bob.stop()])
    scratch.remove()
  }
}

async function measure(sender: Person, conversationId: string, receiver: Person): Promise<void> {
  const latencies: number[] = []
  for (let i = 0; i < WARM_UP + SINGLE_MESSAGES; i++) {
    const took = await sendAndSee(sender, conversationId, receiver, `single ${i}`)
    if (i >= WARM_UP) latencies.push(took)
  }
  const { seconds, queuedSeconds } = await flood(sender, conversationId, receiver)
  report('message', {
    medianMs: median(latencies),
    p99Ms: percentile(latencies, 0.99),
    perSecond: QUEUED_MESSAGES / seconds,
    queuedPerSecond: QUEUED_MESSAGES / queuedSeconds,
  })
}

async function sendAndSee(
  sender: Person,
  conversationId: string,
  receiver: Person,
  text: string,
): Promise<number> {
  const seen = receiver.client.next('message', (message) => message.text === text)
  const startMs = performance.now()
  await sender.api.call('messages.send', { conversationId, text })
  await seen
  return performance.now() - startMs
}

/** Until all are stored at the receiver and shown; and until all were stored at the sender. */
async function flood(
  sender: Person,
  conversationId: string,
  receiver: Person,
): Promise<{ seconds: number; queuedSeconds: number }> {
  const seen = new Set<string>()
  const all = receiver.client.next(
    'message',
    (message) => message.text.startsWith('queued ') && seen.add(message.id).size === QUEUED_MESSAGES,
    120_000,
  )
  const startMs = performance.now()
  let next = 0
  const queue = async (): Promise<void> => {
    while (next < QUEUED_MESSAGES)
      await sender.api.call('messages.send', { conversationId, text: `queued ${next++}` })
  }
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, queue))
  const queuedSeconds = (performance.now() - startMs) / 1000
  await all
  return { seconds: (performance.now() - startMs) / 1000, queuedSeconds }
}
