// How deep each node of a tree hangs, and where it stands when the root is in the middle and each depth is a ring.

import { type Point, type SpanningTree } from './plot.ts'

/** Hops to the root: 0 for the root itself, -1 for a dead end, and for whoever's way ends elsewhere or in a circle. */
export function depthsOf({ parents, root }: SpanningTree): number[] {
  const depths = parents.map((_, i): number => (i === root ? 0 : -1))
  const children = childrenOf(parents, root)
  // An array takes in what is added while it is walked through.
  const reached = [root]
  for (const at of reached)
    for (const child of children[at] ?? []) {
      depths[child] = depths[at]! + 1
      reached.push(child)
    }
  return depths
}

/** Places from 0 to 1; a subtree gets the share of its parent's arc that its leaves are of the parent's. */
export function radialPlaces(tree: SpanningTree, depths: readonly number[]): (Point | undefined)[] {
  const children = childrenOf(tree.parents, tree.root)
  const leaves = leafCounts(children, depths)
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 1)
  const places: (Point | undefined)[] = depths.map(() => undefined)
  const arcs = new Map([[tree.root, { from: 0, to: 2 * Math.PI }]])
  for (const node of byDepth(depths)) {
    const arc = arcs.get(node)!
    const angle = (arc.from + arc.to) / 2
    const radius = (0.5 * depths[node]!) / deepest
    places[node] = { x: 0.5 + radius * Math.sin(angle), y: 0.5 - radius * Math.cos(angle) }
    let { from } = arc
    for (const child of children[node]!) {
      const width = ((arc.to - arc.from) * leaves[child]!) / leaves[node]!
      arcs.set(child, { from, to: from + width })
      from += width
    }
  }
  return places
}

function childrenOf(parents: readonly number[], root: number): number[][] {
  const children = parents.map((): number[] => [])
  for (const [i, parent] of parents.entries()) if (i !== root && parent >= 0) children[parent]?.push(i)
  return children
}

function leafCounts(children: readonly number[][], depths: readonly number[]): number[] {
  const leaves = children.map(() => 0)
  for (const node of byDepth(depths).reverse())
    leaves[node] = Math.max(
      1,
      children[node]!.reduce((total, child) => total + leaves[child]!, 0),
    )
  return leaves
}

/** The tree's nodes, parents before children. */
function byDepth(depths: readonly number[]): number[] {
  return [...depths.keys()].filter((i) => depths[i]! >= 0).sort((a, b) => depths[a]! - depths[b]!)
}
