// Pastry's greedy step over the links that are there, and nothing else: no leaf sets that name unlinked nodes, no
// detours, no trees. A walk over the same graph at the same moment as the real sends: the baseline beside them.

import { compareDistance, type Id, type NodeId, sharedPrefixLength } from '../../main/overlay/base/id.ts'

/** The link graph at one moment. */
export type LinkGraph = (id: NodeId) => readonly NodeId[]

const MAX_STEPS = 64

export interface Walk {
  end: NodeId
  hops: number
}

export function greedyWalk(graph: LinkGraph, from: NodeId, key: Id): Walk {
  let at = from
  for (let hops = 0; hops < MAX_STEPS; hops++) {
    const next = greedyStep(graph(at), at, key)
    if (next === undefined) return { end: at, hops }
    at = next
  }
  return { end: at, hops: MAX_STEPS }
}

/** The longest shared prefix, then the smallest distance; undefined where nobody is better than this node. */
export function greedyStep(links: readonly NodeId[], self: NodeId, key: Id): NodeId | undefined {
  let best = self
  let longest = sharedPrefixLength(key, self)
  for (const id of links) {
    if (id === key) return id
    const shared = sharedPrefixLength(key, id)
    if (shared < longest || (shared === longest && compareDistance(key, id, best) >= 0)) continue
    best = id
    longest = shared
  }
  return best === self ? undefined : best
}
