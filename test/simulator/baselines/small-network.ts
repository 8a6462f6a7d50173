// A network for a baseline to run on: everybody can have a session with everybody unless a test says otherwise.

import { type Baseline } from '../../../simulator/baselines/baseline.ts'
import { Carrier } from '../../../simulator/baselines/carrier.ts'
import { type LinkWishes } from '../../../simulator/baselines/link-choice.ts'
import { type Measured, measureBaseline, type Pair } from '../../../simulator/baselines/measured-sends.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { Internet } from '../../../simulator/world/internet.ts'
import { RadioGrid } from '../../../simulator/world/radio-grid.ts'
import { type Terrain } from '../../../simulator/world/terrain.ts'

export const SEED = 7
const LINKS = 24

export interface Place {
  nodes: number
  nat?: number
  punch?: number
  loss?: number
  /** Radios on a square instead. */
  isRadio?: boolean
}

export interface Ground {
  carrier: Carrier
  wishes: LinkWishes
  pairs: Pair[]
}

/** `sends` pairs of different hosts, none of them in `dead`. */
export function groundOf(place: Place, sends = 400, dead: ReadonlySet<number> = new Set()): Ground {
  const { nodes, isRadio = false } = place
  const terrain = terrainOf(place)
  const random = new SeededRandom(SEED)
  const carrier = new Carrier({ queue: new EventQueue(), random, terrain, jitter: 0.1, nodes, isRadio })
  const chance = new SeededRandom(SEED + 1)
  const pairs: Pair[] = []
  while (pairs.length < sends) {
    const [from, to] = [chance.below(nodes), chance.below(nodes)]
    if (from !== to && !dead.has(from) && !dead.has(to)) pairs.push([from, to])
  }
  return { carrier, wishes: { terrain, nodes, degree: LINKS, random }, pairs }
}

export function measure(
  baseline: Baseline,
  pairs: readonly Pair[],
  killed: number[] = [],
): Promise<Measured> {
  return measureBaseline(baseline, pairs, { timeoutMs: 5000, overMs: 5000 }, killed)
}

export function deliveredShare({ outcomes }: Measured): number {
  return outcomes.filter(({ isDelivered }) => isDelivered).length / outcomes.length
}

export function meanHops({ outcomes }: Measured): number {
  const hops = outcomes.flatMap((outcome) => (outcome.isDelivered ? [outcome.hops] : []))
  return hops.reduce((total, each) => total + each, 0) / hops.length
}

/** Of each pair, breadth first. */
export function shortestHops(links: readonly number[][], pairs: readonly Pair[]): number[] {
  return pairs.map(([from, to]) => {
    const hops = new Map([[from, 0]])
    for (const at of hops.keys())
      for (const next of links[at]!) if (!hops.has(next)) hops.set(next, hops.get(at)! + 1)
    return hops.get(to) ?? Infinity
  })
}

function terrainOf({ nodes, nat = 0, punch = 0, loss = 0.01, isRadio }: Place): Terrain {
  return isRadio
    ? new RadioGrid({ seed: SEED, nodes, loss, oneWay: 0 })
    : new Internet({ seed: SEED, nat, punch, loss, bootstraps: 1 })
}
