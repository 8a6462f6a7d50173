// Random sends, each pair twice: as everybody sends (one retry, the node's dead-end budget), and bare (one attempt, no
// budget), which only links and records can deliver.

import { EMPTY } from '../../main/overlay/base/bytes.ts'
import { type RouteOptions } from '../../main/overlay/ports/routes.ts'
import { greedyWalk } from '../baselines/greedy-walk.ts'
import { type Host } from '../world/world.ts'
import { type Lab } from './lab.ts'
import { linkGraph, SEND_TIMEOUT_MS } from './random-sends.ts'
import { mean, percentile } from './statistics.ts'

export interface VariantSends {
  delivered: number
  bareDelivered: number
  /** Greedy steps alone, over the links of the same moment. */
  greedyDelivered: number
  /** Of the usual ones. */
  meanHops: number
  p99Hops: number
}

/** Beside those of ProbeService and OffsetCopies, far above what the overlay has given out (wire/message-types.ts). */
const APPLICATION = 202
const STEP_MS = 50
/** Before anything repairs itself: a dead neighbour is found after 3 s. */
const OVER_MS = 2000

export async function variantSends(lab: Lab): Promise<VariantSends> {
  const { world, options, checkers } = lab
  for (const { node, number } of world.alive)
    node.routes.register(APPLICATION, {
      deliver: ({ requestId }) => {
        checkers.delivered(requestId, number)
        return EMPTY
      },
    })
  const usual: Promise<number | undefined>[] = []
  const bare: Promise<number | undefined>[] = []
  let byGreedy = 0
  const steps = OVER_MS / STEP_MS
  for (let step = 1; step <= steps; step++) {
    const graph = linkGraph(world)
    while (usual.length < Math.round((step * options.sends) / steps)) {
      const [from, to] = world.sample(world.alive, 2) as [Host, Host]
      usual.push(hopsOf(from, to, {}))
      bare.push(hopsOf(from, to, { detours: 0, isOnce: true }))
      if (greedyWalk(graph, from.id, to.id).end === to.id) byGreedy++
    }
    await lab.run(STEP_MS, 'sending')
  }
  await lab.run(SEND_TIMEOUT_MS, 'sending')
  const arrived = (await Promise.all(usual)).filter((hops) => hops !== undefined)
  const arrivedBare = (await Promise.all(bare)).filter((hops) => hops !== undefined)
  return {
    delivered: arrived.length / usual.length,
    bareDelivered: arrivedBare.length / bare.length,
    greedyDelivered: byGreedy / usual.length,
    meanHops: mean(arrived),
    p99Hops: percentile(arrived, 0.99),
  }
}

/** undefined where it did not arrive. */
async function hopsOf(
  from: Host,
  to: Host,
  how: Pick<RouteOptions, 'detours' | 'isOnce'>,
): Promise<number | undefined> {
  const options = { timeoutMs: SEND_TIMEOUT_MS, isExact: true, ...how }
  try {
    return (await from.node.routes.request(to.id, APPLICATION, EMPTY, options)).hops
  } catch {
    // What does not arrive is counted.
    return undefined
  }
}
