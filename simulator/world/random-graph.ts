// A random connected graph, and ways through it.

import { type SeededRandom } from '../kernel/seeded-random.ts'

export type Edge = readonly [number, number]

export interface Graph {
  readonly nodes: number
  readonly edges: readonly Edge[]
}

/** A tree, so that it is connected (each node tied to one before it), and then edges by chance up to the mean degree. */
export function randomConnectedGraph(nodes: number, meanDegree: number, random: SeededRandom): Graph {
  const edges = new Map<string, Edge>()
  const add = (one: number, other: number): void => {
    if (one !== other) edges.set([one, other].sort((a, b) => a - b).join(), [one, other])
  }
  for (let node = 1; node < nodes; node++) add(node, random.below(node))
  const wanted = Math.min(Math.round((nodes * meanDegree) / 2), (nodes * (nodes - 1)) / 2)
  while (edges.size < wanted) add(random.below(nodes), random.below(nodes))
  return { nodes, edges: [...edges.values()] }
}

/** Links to every node on the shortest way that keeps to the usable ones; none to those that cannot be reached. */
export function distancesFrom(
  start: number,
  { nodes, edges }: Graph,
  isUsable: (node: number) => boolean = () => true,
): Map<number, number> {
  const neighbours = Array.from({ length: nodes }, (): number[] => [])
  for (const [one, other] of edges) {
    neighbours[one]!.push(other)
    neighbours[other]!.push(one)
  }
  const distances = new Map([[start, 0]])
  // A Map is walked in the order of insertion, and what is inserted meanwhile comes too: it is its own queue.
  for (const [node, distance] of distances)
    for (const next of neighbours[node]!)
      if (isUsable(next) && !distances.has(next)) distances.set(next, distance + 1)
  return distances
}

/** One half of the nodes such that both are connected in themselves; undefined where chance finds none. */
export function connectedHalf(graph: Graph, random: SeededRandom): ReadonlySet<number> | undefined {
  const size = Math.floor(graph.nodes / 2)
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const half = grownPart(graph, size, random)
    const rest = Array.from({ length: graph.nodes }, (_, node) => node).filter((node) => !half.has(node))
    const reached = distancesFrom(rest[0]!, graph, (node) => !half.has(node))
    if (half.size === size && reached.size === rest.length) return half
  }
  return undefined
}

/** Grown edge by edge from a node drawn at random. */
function grownPart({ nodes, edges }: Graph, size: number, random: SeededRandom): Set<number> {
  const part = new Set([random.below(nodes)])
  while (part.size < size) {
    const border = edges.filter(([one, other]) => part.has(one) !== part.has(other))
    const edge = border[random.below(border.length)]
    if (!edge) break
    for (const node of edge) part.add(node)
  }
  return part
}
