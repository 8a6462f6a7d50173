// A member's neighbours in one mesh. SCAMP's two views are roles of a neighbour here: it is held (in our partial view: we have
// picked it), or holds us (in our in-view: it has picked us), or both. A link carries both ways, so broadcasts use all of them.

import { type NodeId } from '../base/id.ts'
import { type Random } from '../ports/random.ts'
import { type MeshJoin } from '../wire/mesh-join.ts'

export interface Neighbour {
  readonly id: NodeId
  join: MeshJoin
  readonly isHeld: boolean
  /** Of its place in our view, by the clock that only counts. */
  leaseEndsMs: number
  holdsUs: boolean
  /** When it last said so. */
  heardMs: number
  /** Pushed to; the others are only told. The broadcast tree decides. */
  isEager: boolean
  /** When a message last came over it first. */
  broughtMs: number
}

interface Placed extends Neighbour {
  isHeld: boolean
  /** In the list of those held; -1 where it is not. */
  at: number
}

export class View {
  readonly #all = new Map<NodeId, Placed>()
  readonly #held: Placed[] = []
  #holders = 0

  get size(): number {
    return this.#all.size
  }

  get heldCount(): number {
    return this.#held.length
  }

  get holderCount(): number {
    return this.#holders
  }

  get(id: NodeId): Neighbour | undefined {
    return this.#all.get(id)
  }

  has(id: NodeId): boolean {
    return this.#all.has(id)
  }

  all(): Iterable<Neighbour> {
    return this.#all.values()
  }

  held(): readonly Neighbour[] {
    return this.#held
  }

  isHeld(id: NodeId): boolean {
    return this.#all.get(id)?.isHeld ?? false
  }

  /** The neighbour of that id, made where there is none; it is in neither view yet. */
  meet(join: MeshJoin): { neighbour: Neighbour; isNew: boolean } {
    const { id } = join.member
    const known = this.#all.get(id)
    if (known) {
      known.join = join
      return { neighbour: known, isNew: false }
    }
    const neighbour: Placed = {
      id,
      join,
      isHeld: false,
      at: -1,
      leaseEndsMs: 0,
      holdsUs: false,
      heardMs: 0,
      isEager: false,
      broughtMs: -Infinity,
    }
    this.#all.set(id, neighbour)
    return { neighbour, isNew: true }
  }

  hold(id: NodeId, leaseEndsMs: number): void {
    const neighbour = this.#all.get(id)!
    neighbour.leaseEndsMs = leaseEndsMs
    if (neighbour.isHeld) return
    neighbour.isHeld = true
    neighbour.at = this.#held.push(neighbour) - 1
  }

  release(id: NodeId): void {
    const neighbour = this.#all.get(id)
    if (!neighbour?.isHeld) return
    const last = this.#held.pop()!
    if (last !== neighbour) {
      this.#held[neighbour.at] = last
      last.at = neighbour.at
    }
    neighbour.isHeld = false
    neighbour.at = -1
  }

  heldBy(id: NodeId, nowMs: number): void {
    const neighbour = this.#all.get(id)!
    neighbour.heardMs = nowMs
    if (!neighbour.holdsUs) this.#holders++
    neighbour.holdsUs = true
  }

  notHeldBy(id: NodeId): void {
    const neighbour = this.#all.get(id)
    if (!neighbour?.holdsUs) return
    neighbour.holdsUs = false
    this.#holders--
  }

  remove(id: NodeId): Neighbour | undefined {
    const neighbour = this.#all.get(id)
    if (!neighbour) return undefined
    this.release(id)
    this.notHeldBy(id)
    this.#all.delete(id)
    return neighbour
  }

  /** One of those held, any of them but these two; undefined where there is none. */
  pickHeld(random: Random, ...except: (NodeId | undefined)[]): Neighbour | undefined {
    const { length } = this.#held
    const start = length > 0 ? random.below(length) : 0
    for (let i = 0; i < length; i++) {
      const neighbour = this.#held[(start + i) % length]!
      if (!except.includes(neighbour.id)) return neighbour
    }
    return undefined
  }

  /** One of all neighbours, any of them but these two; undefined where there is none. */
  pick(random: Random, ...except: (NodeId | undefined)[]): Neighbour | undefined {
    const others = [...this.#all.values()].filter(({ id }) => !except.includes(id))
    return others.length > 0 ? others[random.below(others.length)] : undefined
  }
}
