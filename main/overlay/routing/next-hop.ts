// Where a message goes next: a pure decision. Greedy as in Pastry (longer shared prefix, else numerically closer), over
// the links that are up. The leaf set is logical, so a node may know that another is closer without having a link to
// it: then it must not deliver (roots would split) but sends the message on a detour, to the closest link not yet
// visited, from where a link or another detour leads on. The list of visited nodes makes loops impossible.

import { compareDistance, type Id, type NodeId, sharedPrefixLength } from '../base/id.ts'
import { type LeafSet } from './leaf-set.ts'

export interface HopQuery {
  key: Id
  isExact: boolean
  offset: number
  visited: ReadonlySet<NodeId>
  detoursLeft: number
}

export type Hop =
  | { kind: 'deliver' }
  | { kind: 'forward'; next: NodeId; isDetour: boolean }
  | { kind: 'stuck'; reason: 'dead-end' | 'not-here' }

export function nextHop(self: NodeId, leafSet: LeafSet, linked: readonly NodeId[], query: HopQuery): Hop {
  const { key, isExact, visited } = query
  if (key === self) return { kind: 'deliver' }
  const open = linked.filter((id) => !visited.has(id))
  if (isExact && open.includes(key)) return { kind: 'forward', next: key, isDetour: false }
  if (leafSet.covers(key)) {
    const root = leafSet.closestOne(key, visited)
    if (root === self) return isExact ? detour(open, query, 'not-here') : { kind: 'deliver' }
    if (open.includes(root)) return { kind: 'forward', next: root, isDetour: false }
  }
  const better = progressing(self, key, open)
  if (better.length > 0) return { kind: 'forward', next: choose(key, better, query.offset), isDetour: false }
  return deadEnd(self, leafSet, open, query)
}

/** Those with a longer shared prefix than this node, or one as long and closer. */
function progressing(self: NodeId, key: Id, open: readonly NodeId[]): NodeId[] {
  const own = sharedPrefixLength(key, self)
  return open.filter((id) => {
    const shared = sharedPrefixLength(key, id)
    return shared > own || (shared === own && compareDistance(key, id, self) < 0)
  })
}

/** The best of those that make progress, or for an offset the n-th ring neighbour of the best among them. */
function choose(key: Id, better: readonly NodeId[], offset: number): NodeId {
  let best = better[0]!
  let longest = sharedPrefixLength(key, best)
  for (const id of better) {
    const shared = sharedPrefixLength(key, id)
    if (shared < longest || (shared === longest && compareDistance(key, id, best) >= 0)) continue
    best = id
    longest = shared
  }
  if (offset === 0) return best
  const ring = [...better].sort()
  const at = (((ring.indexOf(best) + offset) % ring.length) + ring.length) % ring.length
  return ring[at]!
}

function deadEnd(self: NodeId, leafSet: LeafSet, open: readonly NodeId[], query: HopQuery): Hop {
  const root = leafSet.closestOne(query.key, query.visited)
  if (root === self && !query.isExact) return { kind: 'deliver' }
  return detour(open, query, root === self ? 'not-here' : 'dead-end')
}

/** A neighbour of the key may have the link to it that this node lacks. */
function detour(open: readonly NodeId[], query: HopQuery, reason: 'dead-end' | 'not-here'): Hop {
  if (open.length === 0 || query.detoursLeft === 0) return { kind: 'stuck', reason }
  let next = open[0]!
  for (const id of open) if (compareDistance(query.key, id, next) < 0) next = id
  return { kind: 'forward', next, isDetour: true }
}
