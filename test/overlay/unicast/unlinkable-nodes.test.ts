import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type SendResult } from '../../../main/overlay/api.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { walledWorld } from './walled-world.ts'

const SEED = 1501
const NODES = 28

async function begin(
  seed: number,
): Promise<{ world: ModelledWorld; open: () => Inhabitant[]; behind: Inhabitant[] }> {
  const { world, open, behind } = walledWorld({ seed })
  await world.grow(NODES)
  await world.run(60_000)
  return { world, open, behind: behind() }
}

async function send(
  world: ModelledWorld,
  from: Inhabitant,
  to: Inhabitant,
  payload = utf8('hello'),
): Promise<{ result: SendResult; tookMs: number }> {
  const startMs = world.queue.nowMs
  const result = await world.finish(from.node.send(to.identity.id, payload))
  return { result, tookMs: world.queue.nowMs - startMs }
}

describe(`two nodes that cannot link (seed ${SEED})`, () => {
  it('reach each other by route within a second and a half, and both ways', async () => {
    const { world, behind } = await begin(SEED)
    const heard: string[] = []
    for (const one of behind)
      one.node.on({
        message: (from, bytes) => heard.push(`${from} ${one.identity.id} ${new TextDecoder().decode(bytes)}`),
      })
    for (let i = 0; i < 30; i++) {
      const [from, to] = world.sample(behind, 2) as [Inhabitant, Inhabitant]
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        const { result, tookMs } = await send(world, one, other)
        expect(result).toEqual({ kind: 'delivered', via: 'route' })
        expect(tookMs).toBeLessThanOrEqual(1500)
        expect(heard.pop()).toBe(`${one.identity.id} ${other.identity.id} hello`)
      }
    }
    expect([heard, world.errors]).toEqual([[], []])
  }, 30_000)

  it('are neighbours on the ring all the same, and keep records to where no link leads', async () => {
    const { world, open, behind } = await begin(SEED + 1)
    const ring = world.alive.map(({ identity }) => identity.id).sort()
    for (const { node, identity } of behind) {
      const above = ring[(ring.indexOf(identity.id) + 1) % ring.length]
      expect(node.leafSet.above[0]).toBe(above)
    }
    expect(open().every(({ node }) => node.unicastRecords > 0)).toBe(true)
  }, 30_000)

  it('are told so where the other is gone, at once or after the time is up', async () => {
    const { world, behind } = await begin(SEED + 2)
    const [from, fresh, old] = world.sample(behind, 3) as [Inhabitant, Inhabitant, Inhabitant]
    world.kill([fresh, old])
    const reasons = ['unreachable', 'timeout']
    const first = await send(world, from, fresh)
    expect(first.result).toMatchObject({ kind: 'failed' })
    expect(reasons).toContain((first.result as { reason: string }).reason)
    await world.run(300_000)
    const later = await send(world, from, old)
    expect(later.result).toEqual({ kind: 'failed', reason: 'unreachable' })
  }, 30_000)

  it('are told unreachable for more than a route carries', async () => {
    const { world, behind } = await begin(SEED + 3)
    const [from, to] = world.sample(behind, 2) as [Inhabitant, Inhabitant]
    const { result } = await send(world, from, to, new Uint8Array(100_000))
    expect(result).toEqual({ kind: 'failed', reason: 'unreachable' })
    expect((await send(world, from, to, new Uint8Array(64_000))).result).toEqual({
      kind: 'delivered',
      via: 'route',
    })
  }, 30_000)
})

it(`more than a route carries waits for the dial, however slow that is (seed ${SEED + 4})`, async () => {
  // A dial takes three delays, and the message's head start is half a second.
  const world = new ModelledWorld({ seed: SEED + 4, delayMs: [250, 300] })
  await world.grow(NODES)
  await world.run(60_000)
  const pairs = world.alive.flatMap((one) => world.alive.map((other) => [one, other] as const))
  const [from, to] = pairs.find(([one, other]) => one !== other && !one.links.get(other.identity.id))!
  const { result, tookMs } = await send(world, from, to, new Uint8Array(100_000))
  expect(result).toEqual({ kind: 'delivered', via: 'session' })
  expect(tookMs).toBeGreaterThan(500)
}, 30_000)
