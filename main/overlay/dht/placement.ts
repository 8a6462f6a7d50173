// Which nodes are to keep a record: for each of its roots the 4 closest, and nobody for two roots. Without that last rule the
// two neighbourhoods of a record overlap in a small network, and four deaths can take all of its replicas; with it there
// are 8 holders wherever there are 8 nodes.

import { compareDistance, type Id, type NodeId } from '../base/id.ts'

/** r = 8 replicas (DESIGN §6), half at each root. */
export const REPLICAS_PER_ROOT = 4

/**
 * For each root its holders, closest first, among the nodes given. A root that `covers` denies is not where those nodes
 * are, so what stands at it takes nobody from the others.
 */
export function placement(
  roots: readonly Id[],
  among: readonly NodeId[],
  covers: (rootKey: Id) => boolean,
): NodeId[][] {
  const taken = new Set<NodeId>()
  return roots.map((rootKey) => {
    const holders = among
      .filter((id) => !taken.has(id))
      .sort((a, b) => compareDistance(rootKey, a, b))
      .slice(0, REPLICAS_PER_ROOT)
    if (covers(rootKey)) for (const id of holders) taken.add(id)
    return holders
  })
}
