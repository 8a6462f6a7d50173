// Radios on a grid, no Internet: who reaches whom, and over how many hops more than the shortest way has.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { type LinkGraph } from '../baselines/greedy-walk.ts'
import { type Experiment } from './experiment.ts'
import { linkGraph } from './random-sends.ts'
import { measureReach } from './reach.ts'
import { mean, percentile } from './statistics.ts'

export const meshRadio: Experiment = {
  name: 'mesh-radio',
  about: 'reach on a radio grid with asymmetric loss: delivery, and hops against the shortest path',
  async run(lab) {
    await lab.grow()
    return measureReach(lab, (records) => {
      const graph = linkGraph(lab.world)
      const stretches = records.flatMap(({ from, to, result }) => {
        const shortest = shortestPath(graph, from.id, to.id)
        return result.isDelivered && shortest ? [result.hops / shortest] : []
      })
      return { stretch: mean(stretches), stretchP99: percentile(stretches, 0.99) }
    })
  },
}

/** Hops, breadth first; undefined where there is no way. */
function shortestPath(graph: LinkGraph, from: NodeId, to: NodeId): number | undefined {
  const seen = new Set([from])
  let edge = [from]
  for (let hops = 1; edge.length > 0; hops++) {
    const next: NodeId[] = []
    for (const at of edge)
      for (const id of graph(at)) {
        if (id === to) return hops
        if (!seen.has(id)) next.push(id)
        seen.add(id)
      }
    edge = next
  }
  return undefined
}
