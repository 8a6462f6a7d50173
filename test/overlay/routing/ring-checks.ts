import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { idFromBytes } from '../../../main/overlay/base/id.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { type ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

/** The nodes whose view of their ring neighbours is not the true one. */
export function wrongLeafSets(world: ModelledWorld): number[] {
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
export async function lookUp(
  world: ModelledWorld,
  keys: number,
): Promise<{ wrong: number; meanHops: number }> {
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
