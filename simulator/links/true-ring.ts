import { compareDistance, type Id, type NodeId } from '../../main/overlay/base/id.ts'

/** What an all-knowing observer says: the naive twin that the nodes' own views are checked against. */
export class TrueRing {
  readonly #sorted: NodeId[]

  constructor(ids: readonly NodeId[]) {
    this.#sorted = [...ids].sort()
  }

  root(key: Id): NodeId {
    return this.#sorted.reduce((best, id) => (compareDistance(key, id, best) < 0 ? id : best))
  }

  closest(key: Id, count: number): NodeId[] {
    return [...this.#sorted].sort((a, b) => compareDistance(key, a, b)).slice(0, count)
  }

  leafSet(self: NodeId, perSide = 8): { above: NodeId[]; below: NodeId[] } {
    const at = this.#sorted.indexOf(self)
    const others = [...this.#sorted.slice(at + 1), ...this.#sorted.slice(0, at)]
    return { above: others.slice(0, perSide), below: others.slice(-perSide).reverse() }
  }
}
