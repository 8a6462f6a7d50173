// Computers joined by cables alone: a random connected graph, each able to talk to its cable neighbours and to nobody else.

import { SeededRandom } from '../kernel/seeded-random.ts'
import { type Graph, randomConnectedGraph } from './random-graph.ts'
import { type Terrain } from './terrain.ts'

/** As in the laboratory of real processes (docs/laboratory.md). */
const MEAN_DEGREE = 4
const HOP_DELAY_MS = 1

export class Cables implements Terrain {
  readonly graph: Graph
  readonly #neighbours: ReadonlySet<number>[]

  constructor({ seed, nodes }: { seed: number; nodes: number }) {
    this.graph = randomConnectedGraph(nodes, MEAN_DEGREE, new SeededRandom(seed))
    const neighbours = Array.from({ length: nodes }, () => new Set<number>())
    for (const [one, other] of this.graph.edges) {
      neighbours[one]!.add(other)
      neighbours[other]!.add(one)
    }
    this.#neighbours = neighbours
  }

  get describe(): string {
    return `a random connected graph of ${this.graph.edges.length} cables, ${HOP_DELAY_MS} ms a hop`
  }

  canLink(a: number, b: number): boolean {
    return this.#neighbours[a]?.has(b) ?? false
  }

  needsSignal(): boolean {
    return false
  }

  delayMs(): number {
    return HOP_DELAY_MS
  }

  lossRate(): number {
    return 0
  }

  isTranslated(): boolean {
    return false
  }

  /** On a circle: a graph by chance has no places. */
  position(host: number): { x: number; y: number } {
    const angle = (2 * Math.PI * host) / this.graph.nodes
    return { x: 0.5 + 0.5 * Math.cos(angle), y: 0.5 + 0.5 * Math.sin(angle) }
  }

  /** Who is at the other end of its cables, as far as it is there yet. */
  introducers(host: number, count: number): number[] {
    return [...(this.#neighbours[host] ?? [])].filter((other) => other < count)
  }
}
