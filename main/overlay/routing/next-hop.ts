// Where a message goes next: a pure decision over the links that are up and the next-hop records that are held.
//
//   1. the key is this node                        deliver
//   2. an exact key, or the root of one that the   over the link to it, else along a record for it (an exact key also by
//      leaf set covers                             the map of links, past a break, as a detour)
//   3. a link is closer than where we are          over the one that shares the longest prefix with the key, of several the
//                                                  closest (the closest of all where links are few, or it stands as near to the
//                                                  key as neighbours do; for an offset, the n-th beside it)
//   4. a record's target is closer                 along that record
//   5. nobody closer can be got at                 a detour, from a small budget: along the record closest to the key where
//                                                  links are few, else over the closest link not visited yet
//
// The leaf set is logical: a node may know that another is closer without having a link to it. Then it must not deliver, or
// the key's root would split. While a message follows a record, "where we are" is the record's target; what could loop is
// bounded: greedy steps by the visited list, records by their hops, detours by the budget.

import { compareDistance, type Id, type NodeId, type NodeNames } from '../base/id.ts'
import { type PathBound, type Paths, type PathStep, SPARSE_LINKS } from '../ports/paths.ts'
import { type LeafSet } from './leaf-set.ts'
import { type RingIndex } from '../base/ring-index.ts'

/** What a node decides by. */
export interface RoutingView {
  self: NodeId
  leafSet: LeafSet
  links: RingIndex
  paths: Paths
}

export interface HopQuery {
  key: Id
  isExact: boolean
  offset: number
  visited: NodeNames
  /** Links that did not take this message. */
  failed: ReadonlySet<NodeId>
  /** Whence it came. */
  previous?: NodeId | undefined
  detoursLeft: number
  keyHops: number
  bound?: PathBound | undefined
  isFollowing: boolean
}

export type Hop =
  | { kind: 'deliver' }
  | { kind: 'forward'; next: NodeId; isDetour: boolean; path?: PathStep; lost?: NodeId }
  | { kind: 'stuck'; reason: 'dead-end' | 'not-here' }
type Forward = Hop & { kind: 'forward' }

export function nextHop(view: RoutingView, query: HopQuery): Hop {
  const { self } = view
  const { key, isExact } = query
  if (key === self) return { kind: 'deliver' }
  const hop = (isExact && (towards(view, query, key) ?? pastBreak(view, query))) || onwards(view, query)
  if (hop) return hop
  const lost = query.isFollowing && query.bound?.target !== self ? query.bound?.target : undefined
  const other = elsewhere(view, lost ? without(query, lost) : query)
  return lost && other.kind === 'forward' ? { ...other, lost } : other
}

/**
 * The records for a target end here. An exact message does without the target from now on; any other must not, for it may
 * be the key's root, but finds no way to it short enough.
 */
function without(query: HopQuery, lost: NodeId): HopQuery {
  const isVisited = (id: NodeId): boolean => id === lost || query.visited.has(id)
  const visited = query.isExact ? { has: isVisited } : query.visited
  return { ...query, visited, bound: { target: lost, hops: 0 }, isFollowing: false }
}

function elsewhere(view: RoutingView, query: HopQuery): Hop {
  const { self, leafSet } = view
  const { key, isExact } = query
  let isRootHere = false
  if (leafSet.covers(key)) {
    const root = leafSet.rootOf(key, query.offset, query.visited)
    isRootHere = root === self
    if (isRootHere && !isExact) return { kind: 'deliver' }
    const last = isRootHere ? undefined : towards(view, query, root)
    if (last) return last
  }
  return closer(view, query, self) ?? deadEnd(view, query, isRootHere)
}

/** To a certain node: over the link to it, else along a record. */
function towards(view: RoutingView, query: HopQuery, target: NodeId): Hop | undefined {
  if (view.links.has(target) && !query.failed.has(target))
    return { kind: 'forward', next: target, isDetour: false }
  return along(view, query, target)
}

/**
 * The way that it followed is broken here, and no other is as short. The map shows the next best, by which the hops begin
 * anew: a detour, for there could be one at each node. Not back where it came from: by the next attempt all around know of
 * the break, and steps back cost a hop's timeout each.
 */
function pastBreak({ links, paths }: RoutingView, query: HopQuery): Forward | undefined {
  const { key, previous, failed, detoursLeft } = query
  if (detoursLeft === 0) return undefined
  const path = paths.mapped(key, (link) => links.has(link) && link !== previous && !failed.has(link))
  return path && { kind: 'forward', next: path.link, isDetour: true, path }
}

/** While it follows a record: on, unless something still closer to the key is at hand. */
function onwards(view: RoutingView, query: HopQuery): Hop | undefined {
  const { bound, isFollowing, offset } = query
  if (!isFollowing || !bound || bound.target === view.self) return undefined
  return (offset === 0 && closer(view, query, bound.target)) || towards(view, query, bound.target)
}

/** A target may be followed where it is closer to the key than the last one was, or within the bound if it is the same. */
function along(view: RoutingView, query: HopQuery, target: NodeId): Forward | undefined {
  const { key, keyHops, bound, failed, previous, detoursLeft } = query
  const isSame = bound?.target === target
  const isFarther =
    target !== key && bound !== undefined && !isSame && compareDistance(key, target, bound.target) > 0
  if (isFarther && detoursLeft === 0) return undefined
  const below = target === key ? keyHops : isSame ? bound.hops : Infinity
  const path = view.paths.step(
    target,
    below,
    (link) => view.links.has(link) && link !== previous && !failed.has(link),
  )
  return path && { kind: 'forward', next: path.link, isDetour: isFarther, path }
}

/** To the target closest to the key of those that are wanted and that a record leads to. */
function alongNearest(
  view: RoutingView,
  query: HopQuery,
  isWanted: (target: NodeId) => boolean,
): Forward | undefined {
  const isUsable = (id: NodeId): boolean => isWanted(id) && along(view, query, id) !== undefined
  const target = view.paths.closest(query.key, isUsable)
  return target && along(view, query, target)
}

/** By whatever is closer to the key than `here`. */
function closer(view: RoutingView, query: HopQuery, here: NodeId): Hop | undefined {
  const { leafSet, links } = view
  const { key, offset, visited, failed } = query
  const isNearer = (id: NodeId, than: NodeId): boolean =>
    !visited.has(id) && compareDistance(key, id, than) < 0
  const isProgress = (id: NodeId): boolean => !failed.has(id) && isNearer(id, here)
  const isSparse = links.size < SPARSE_LINKS
  const link = isSparse ? links.closest(key, isProgress) : links.alike(key, leafSet.radius, isProgress)
  if (!link || isSparse) {
    const hop = alongNearest(view, query, (id) => isNearer(id, link ?? here))
    if (hop) return hop
  }
  if (!link) return undefined
  const next = offset === 0 ? link : links.beside(link, offset, isProgress)
  return { kind: 'forward', next, isDetour: false }
}

function deadEnd(view: RoutingView, query: HopQuery, isRootHere: boolean): Hop {
  const { self, leafSet, links } = view
  const { key, isExact, visited, failed, detoursLeft } = query
  const isClosest = isRootHere || leafSet.closestOne(key, visited) === self
  if (isClosest && !isExact) return { kind: 'deliver' }
  if (detoursLeft > 0 && links.size < SPARSE_LINKS) {
    const hop = alongNearest(view, query, (id) => !visited.has(id))
    if (hop) return { ...hop, isDetour: true }
  }
  const next = detoursLeft > 0 ? links.closest(key, (id) => !visited.has(id) && !failed.has(id)) : undefined
  if (!next) return { kind: 'stuck', reason: isClosest ? 'not-here' : 'dead-end' }
  return { kind: 'forward', next, isDetour: true }
}
