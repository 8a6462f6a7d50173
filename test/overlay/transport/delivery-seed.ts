// One path drawn from a seed, and two nodes that talk over it: every message, both ways, whole, in order, once. `npm test`
// and `npm run soak` run the same function over other seeds.

import assert from 'node:assert/strict'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { type Peer, World, targetOf } from './world.ts'

const MESSAGES_EACH = 120
const FORTH_MS = 1_000
/** Long enough for a path that loses nearly every third packet. */
const QUIET_MS = 60_000

interface Sent {
  messages: Uint8Array[]
  delivered: boolean[]
}

/** Loss to 30 %, reordering, duplicates and delay as the seed says. Errors: an assertion that names the seed. */
export async function checkDelivery(seed: number): Promise<void> {
  const world = new World(seed, pathOf(new SeededRandom(seed + 4)))
  const [alice, bob] = world.pair()
  const link = await dialUntilLinked(world, alice, bob)
  const forth = talk(world, link, new SeededRandom(seed + 2))
  await world.run(FORTH_MS)
  const back = talk(world, bob.endpoint.get(alice.identity.id)!, new SeededRandom(seed + 3))
  await world.run(QUIET_MS)
  const said = `seed ${seed}`
  assert.deepEqual([alice.story, bob.story], [['up'], ['up']], said)
  assert.deepEqual(digest(bob.received), digest(forth.messages), said)
  assert.deepEqual(digest(alice.received), digest(back.messages), said)
  for (const { messages, delivered } of [forth, back])
    assert.deepEqual(
      delivered,
      messages.map(() => true),
      said,
    )
  assert.equal(alice.endpoint.get(bob.identity.id)!.queuedBytes, 0, said)
}

function pathOf(random: SeededRandom): Partial<PathModel> {
  const upTo = (percent: number): number => random.below(percent + 1) / 100
  return {
    delayMs: 1 + random.below(150),
    jitterMs: random.below(21),
    lossRate: upTo(30),
    duplicateRate: upTo(20),
    reorderRate: upTo(30),
  }
}

/** Sends a burst of messages of all sizes now, and more over the next seconds. */
export function talk(world: World, link: Link, random: SeededRandom, count = MESSAGES_EACH): Sent {
  const sent: Sent = { messages: [], delivered: [] }
  const sendOne = () => {
    const message = random.bytes(random.unit() < 0.1 ? random.below(6_000) : random.below(300))
    sent.messages.push(message)
    link.send(message, (isDelivered) => sent.delivered.push(isDelivered))
  }
  for (let i = 0; i < count; i++)
    if (random.unit() < 0.5) sendOne()
    else world.clock.after(random.below(3_000), sendOne)
  return sent
}

async function dialUntilLinked(world: World, from: Peer, to: Peer): Promise<Link> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      return await world.until(from.endpoint.dial(targetOf(to)))
    } catch {
      continue // a third of the packets lost may lose a whole dial; a person tries again
    }
  }
  throw new Error('five dials failed')
}

function digest(messages: Uint8Array[]): string[] {
  return messages.map((message) => `${message.length}:${message.subarray(0, 16).join()}`)
}
