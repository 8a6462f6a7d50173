import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { idFromBytes } from '../../../main/overlay/base/id.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

const SEED = 101

function wrongLeafSets(world: ModelledWorld): number[] {
  const ring = new TrueRing(world.alive.map(({ identity }) => identity.id))
  return world.alive
    .filter(({ node, identity }) => {
      const { above, below } = ring.leafSet(identity.id)
      return (
        JSON.stringify({ above, below }) !==
        JSON.stringify({ above: node.leafSet.above, below: node.leafSet.below })
      )
    })
    .map(({ number }) => number)
}

/** Sends a lookup to each key from a random node; the responder must be the true root. */
async function lookUp(world: ModelledWorld, keys: number): Promise<{ wrong: number; meanHops: number }> {
  const ring = new TrueRing(world.alive.map(({ identity }) => identity.id))
  let wrong = 0
  let hops = 0
  for (let i = 0; i < keys; i++) {
    const key = idFromBytes(world.random.bytes(32))
    const request = world
      .pick(world.alive)
      .node.routes.request(key, APPLICATION.ping, EMPTY, { timeoutMs: 10_000 })
    const reply = await world.finish(request.catch(() => undefined))
    if (reply?.responder !== ring.root(key)) wrong++
    hops += reply?.hops ?? 0
  }
  return { wrong, meanHops: hops / keys }
}

describe(`a ring of 100 nodes (seed ${SEED})`, () => {
  it('forms, routes to the true roots, and heals after a fifth of it is gone at once', async () => {
    const world = new ModelledWorld({ seed: SEED })
    await world.grow(100)
    await world.run(30_000)
    expect(wrongLeafSets(world)).toEqual([])
    const before = await lookUp(world, 500)
    expect(before.wrong).toBe(0)
    expect(before.meanHops).toBeLessThan(2.5)

    world.kill(world.sample(world.alive, 20))
    const killedMs = world.queue.nowMs
    while (wrongLeafSets(world).length > 0 && world.queue.nowMs < killedMs + 120_000) await world.run(1000)
    expect(wrongLeafSets(world)).toEqual([])
    expect((await lookUp(world, 500)).wrong).toBe(0)
    expect(world.errors).toEqual([])
  }, 60_000)
})
