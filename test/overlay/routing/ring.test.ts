import { describe, expect, it } from 'vitest'
import { ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { lookUp, wrongLeafSets } from './ring-checks.ts'

const SEED = 101

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
