import { expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { APPLICATION, MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'

/** How finely `finish` looks. */
const STEP_MS = 10
const AT_ONCE = { outcome: 'unreachable', isAtOnce: true, sent: 0 }

/** Routed messages that a node sends from now on. */
function countRouted({ links }: Inhabitant): () => number {
  let sent = 0
  for (const link of links.all()) {
    const { send } = link
    link.send = (message, done) => {
      if (message[0] === MESSAGE.routed) sent++
      send.call(link, message, done)
    }
  }
  return () => sent
}

/** What becomes of a message to a certain node, whether that takes no time, and how many packets it costs this node. */
async function ask(world: ModelledWorld, from: Inhabitant, to: NodeId) {
  const startMs = world.queue.nowMs
  const sent = countRouted(from)
  const options = { timeoutMs: 8_000, isExact: true }
  const outcome = await world.finish(
    from.node.routes.request(to, APPLICATION.ping, EMPTY, options).then(
      () => 'answered',
      (error: { code: string }) => error.code,
    ),
  )
  return { outcome, isAtOnce: world.queue.nowMs - startMs <= STEP_MS, sent: sent() }
}

it('nothing is sent to somebody who is not there, where the map shows everybody (seed 961)', async () => {
  const world = new ModelledWorld({ seed: 961 })
  await world.grow(6)
  await world.run(20_000)
  const [asker, , gone] = world.alive as [Inhabitant, Inhabitant, Inhabitant]
  const stranger = 'ab'.repeat(32) as NodeId
  expect(await ask(world, asker, stranger)).toEqual(AT_ONCE)
  expect((await ask(world, asker, gone.identity.id)).outcome).toBe('answered')
  gone.links.freeze()
  const early = await ask(world, asker, gone.identity.id)
  expect(early.sent).toBeGreaterThan(0)
  await world.run(20_000)
  expect(await ask(world, asker, gone.identity.id)).toEqual(AT_ONCE)
})

/** Routed messages of a node that writes to so many at once who are not in the network. */
async function routedFor(strangers: number): Promise<number> {
  const world = new ModelledWorld({ seed: 962 })
  await world.grow(6)
  await world.run(20_000)
  const [sender] = world.alive as [Inhabitant]
  const sent = countRouted(sender)
  const sends = Array.from({ length: strangers }, (_, i) =>
    sender.node.send(`${10 + i}`.repeat(32) as NodeId, EMPTY),
  )
  for (const { kind } of await world.finish(Promise.all(sends))) expect(kind).toBe('failed')
  return sent()
}

it('many that are not there are not all searched for (seed 962)', async () => {
  const forTwo = await routedFor(2)
  expect(forTwo).toBeGreaterThan(0)
  expect(await routedFor(5)).toBe(forTwo)
})
