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
  const taken: NodeId[] = []
  return roots.map((rootKey) => {
    const holders = nearest(rootKey, among, taken)
    if (covers(rootKey)) taken.push(...holders)
    return holders
  })
}

/** Picked one by one: this runs for every record whenever a ring neighbour comes or goes, and sorting all costs four times as much. */
function nearest(rootKey: Id, among: readonly NodeId[], except: readonly NodeId[]): NodeId[] {
  const nearest: NodeId[] = []
  for (const id of among) {
    const last = nearest[REPLICAS_PER_ROOT - 1]
    if ((last !== undefined && compareDistance(rootKey, id, last) >= 0) || except.includes(id)) continue
    let place = last === undefined ? nearest.length : REPLICAS_PER_ROOT - 1
    while (place > 0 && compareDistance(rootKey, id, nearest[place - 1]!) < 0) {
      nearest[place] = nearest[place - 1]!
      place--
    }
    nearest[place] = id
  }
  // Without the room that growing it has left: these lists are kept for every record.
  return nearest.slice()
}
