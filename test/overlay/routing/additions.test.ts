// What the nodes on the way of a message put behind its answer.

import { beforeAll, describe, expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { type Id, idFromBytes } from '../../../main/overlay/base/id.ts'
import { type RouteReply } from '../../../main/overlay/ports/routes.ts'
import { MAX_ROUTED_BYTES } from '../../../main/overlay/wire/routed-message.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'

const SIGNED_BY_ALL = 250
const TOO_LONG = 251

describe('an answer in a network of 60 nodes (seed 953)', () => {
  let world: ModelledWorld
  /** Who passed the last message on, in order. */
  let passed: number[]

  beforeAll(async () => {
    // Two pairs of three have no link, so that ways are longer.
    const numberOf = (id: Id): number => parseInt(id.slice(0, 6), 16)
    const canLink = (a: Id, b: Id): boolean => (numberOf(a) ^ numberOf(b)) % 3 === 0
    world = new ModelledWorld({ seed: 953, canLink })
    await world.grow(60)
    await world.run(15_000)
    for (const { node, number } of world.alive) {
      const name = Uint8Array.of(number)
      node.routes.register(SIGNED_BY_ALL, {
        forward: () => {
          passed.push(number)
          return { kind: 'pass', addition: name }
        },
        deliver: () => name,
      })
      node.routes.register(TOO_LONG, {
        forward: () => ({ kind: 'pass', addition: name }),
        deliver: () => new Uint8Array(MAX_ROUTED_BYTES),
      })
    }
  }, 30_000)

  function request(from: Inhabitant, key: Id, application: number): Promise<RouteReply> {
    passed = []
    return world.finish(from.node.routes.request(key, application, EMPTY, { timeoutMs: 10_000 }))
  }

  it('comes with what each node on the way adds, the nearest to the root first', async () => {
    let longest = 0
    for (let i = 0; i < 40; i++) {
      const { payload, responder, hops } = await request(
        world.pick(world.alive),
        idFromBytes(world.random.bytes(32)),
        SIGNED_BY_ALL,
      )
      const root = world.alive.find(({ identity }) => identity.id === responder)!
      expect([...payload]).toEqual([root.number, ...passed.reverse()])
      longest = Math.max(longest, hops)
    }
    expect(longest).toBeGreaterThan(2)
  })

  it('that is as long as an answer can be comes without', async () => {
    const { payload } = await request(world.alive[0]!, world.alive[40]!.identity.id, TOO_LONG)
    expect(payload.length).toBe(MAX_ROUTED_BYTES)
    expect(world.errors).toEqual([])
  })
})
