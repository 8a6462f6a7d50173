// kill -9 for the sender, 20 times, at moments drawn by a seed, while it sends 200 messages. What its window was told is
// stored must arrive; nothing may arrive twice; and the order must be the sender's.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { Person } from '../drive/person.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const MESSAGES = 200
const KILLS = 20
const LONGEST_LIFE_MS = 150
const SEED = Number(process.env.BANYAN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe('a sender that is killed', () => {
  let scratch: ReturnType<typeof scratchFolder>
  beforeEach(() => {
    scratch = scratchFolder('kill')
  })
  afterEach(() => scratch.remove())

  it(`delivers each message exactly once (seed ${SEED})`, { timeout: 240_000 }, async () => {
    const random = new SeededRandom(SEED)
    const receiver = await Person.firstRun('Receiver', { data: scratch.at('receiver') })
    const entry = await receiver.process.bootstrapEntry()
    const sender = await Person.firstRun('Sender', { data: scratch.at('sender'), bootstrap: [entry] })
    const { id: toReceiver } = await sender.add(await receiver.invitation())
    await sender.accepted(toReceiver)

    const wanted = Array.from({ length: MESSAGES }, (_, n) => `message ${n}`)
    for (let kill = 0; kill < KILLS; kill++) {
      await sendUntilKilled(sender, toReceiver, wanted, kill, random)
      await sender.restart()
    }
    await sendRest(sender, toReceiver, wanted)

    const [conversation] = await receiver.api.call('conversations.list')
    const texts = await everything(receiver, conversation!.id)
    expect(texts).toEqual(wanted)
    await Promise.all([sender.stop(), receiver.stop()])
  })
})

/** Sends its share of the messages one after another; the kill comes while one of them is on its way. */
async function sendUntilKilled(
  sender: Person,
  conversationId: string,
  wanted: string[],
  kill: number,
  random: SeededRandom,
): Promise<void> {
  const goal = Math.floor((wanted.length * (kill + 1)) / (KILLS + 1))
  const next = await missing(sender, conversationId, wanted.slice(0, goal))
  const sending = (async () => {
    for (const text of next) await sender.api.call('messages.send', { conversationId, text })
  })().catch(() => undefined) // the kill takes the answer with it; the next life looks at what was stored
  await sleep(random.below(LONGEST_LIFE_MS))
  await sender.kill()
  await sending
}

async function sendRest(sender: Person, conversationId: string, wanted: string[]): Promise<void> {
  for (const text of await missing(sender, conversationId, wanted))
    await sender.api.call('messages.send', { conversationId, text })
}

/** What the sender's own disk does not hold yet. */
async function missing(sender: Person, conversationId: string, wanted: string[]): Promise<string[]> {
  const stored = new Set((await sender.messages(conversationId)).map((message) => message.text))
  return wanted.filter((text) => !stored.has(text))
}

async function everything(receiver: Person, conversationId: string): Promise<string[]> {
  const until = Date.now() + 60_000
  for (;;) {
    const texts = (await receiver.messages(conversationId)).map((message) => message.text)
    if (texts.length >= MESSAGES || Date.now() > until) {
      await sleep(1_000) // a repeat would come now
      return (await receiver.messages(conversationId)).map((message) => message.text)
    }
    await sleep(200)
  }
}
