// The ring as an all-knowing observer sees it, fast enough to be asked about every node of a large network.

import { compareDistance, type Id, type NodeId } from '../../main/overlay/base/id.ts'
import { placeOf } from '../../main/overlay/base/sorted-place.ts'
import { LEAVES_PER_SIDE } from '../../main/overlay/routing/leaf-set.ts'
import { type Host } from './world.ts'

export class RingView {
  readonly #sorted: NodeId[]
  readonly #places: Map<NodeId, number>

  constructor(hosts: readonly Host[]) {
    this.#sorted = hosts.map(({ id }) => id).sort()
    this.#places = new Map(this.#sorted.map((id, place) => [id, place]))
  }

  root(key: Id): NodeId {
    const place = placeOf(this.#sorted, key)
    const [below, above] = [this.#at(place - 1), this.#at(place)]
    return compareDistance(key, below, above) < 0 ? below : above
  }

  /** How many nodes do not know exactly their true neighbours. */
  wrongLeafSets(hosts: readonly Host[]): number {
    return hosts.filter((host) => !this.#isRight(host)).length
  }

  /** How many nodes take somebody else for the next one above or below; with none of them the ring is one. */
  wrongNeighbours(hosts: readonly Host[]): number {
    return hosts.filter(({ id, node: { leafSet } }) => {
      const place = this.#places.get(id)!
      return leafSet.above[0] !== this.#at(place + 1) || leafSet.below[0] !== this.#at(place - 1)
    }).length
  }

  /** How many separate circles following the next node upwards makes of the network: one where all is well. */
  rings(hosts: readonly Host[]): number {
    const next = new Map(hosts.map(({ id, node }) => [id, node.leafSet.above[0] ?? id]))
    const circleOf = new Map<NodeId, number>()
    let circles = 0
    for (const { id } of hosts) {
      const way: NodeId[] = []
      let at: NodeId | undefined = id
      while (at !== undefined && !circleOf.has(at)) {
        circleOf.set(at, -1)
        way.push(at)
        at = next.get(at)
      }
      const met: number | undefined = at === undefined ? undefined : circleOf.get(at)
      const circle: number = met === undefined || met === -1 ? circles++ : met
      for (const each of way) circleOf.set(each, circle)
    }
    return circles
  }

  #isRight({ id, node }: Host): boolean {
    const place = this.#places.get(id)!
    const perSide = Math.min(LEAVES_PER_SIDE, this.#sorted.length - 1)
    const { above, below } = node.leafSet
    if (above.length !== perSide || below.length !== perSide) return false
    for (let i = 0; i < perSide; i++)
      if (above[i] !== this.#at(place + 1 + i) || below[i] !== this.#at(place - 1 - i)) return false
    return true
  }

  #at(place: number): NodeId {
    const { length } = this.#sorted
    return this.#sorted[((place % length) + length) % length]!
  }
}
