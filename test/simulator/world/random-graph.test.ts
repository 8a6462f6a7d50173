import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { connectedHalf, distancesFrom, randomConnectedGraph } from '../../../simulator/world/random-graph.ts'

const SEEDS = [1, 2, 3, 4, 5]

describe('a random graph', () => {
  it.each(SEEDS)('is connected and has the mean degree asked for (seed %i)', (seed) => {
    const graph = randomConnectedGraph(40, 4, new SeededRandom(seed))
    expect(graph.edges).toHaveLength(80)
    expect(distancesFrom(0, graph).size).toBe(40)
    expect(graph).toEqual(randomConnectedGraph(40, 4, new SeededRandom(seed)))
  })

  it.each(SEEDS)('falls into two halves that are connected (seed %i)', (seed) => {
    const random = new SeededRandom(seed)
    const graph = randomConnectedGraph(40, 4, random)
    const half = connectedHalf(graph, random)!
    expect(half.size).toBe(20)
    const [inside] = half
    expect(distancesFrom(inside!, graph, (node) => half.has(node)).size).toBe(20)
  })

  it('tells the shortest ways, and none past nodes that cannot be used', () => {
    const edges = [
      [0, 1],
      [1, 2],
      [2, 3],
      [0, 4],
      [4, 3],
    ] as const
    const graph = { nodes: 5, edges }
    expect(distancesFrom(0, graph).get(3)).toBe(2)
    expect(distancesFrom(0, graph, (node) => node !== 4).get(3)).toBe(3)
    expect(distancesFrom(0, graph, (node) => node !== 4 && node !== 2).get(3)).toBeUndefined()
  })
})
