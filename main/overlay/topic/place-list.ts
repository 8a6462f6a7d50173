// What a node of a tree answers to who looks for a place: itself and its children, those first that would bring a message
// from the core to the asker soonest, as far as that can be told from where both are. Some drawn at random stand behind them:
// who does not know yet where it is measures them and finds out.
//
// The root itself is nobody's goal once there are many: messages between members would all take the way over a node that only
// its id has put there. Of its first CORE_AT children it makes the one with the shortest round trips to all that it has links
// with, the most central one, the core, and hands on to it all the others and whoever asks. When the core finds one clearly
// more central among its children, it proposes that one to the root. By what the children have measured over all of their links: by
// where they are placed in the plane was tried, and moved the core about, for the least of many estimates is the most wrong one.

import { type NodeId } from '../base/id.ts'
import { shuffled } from '../base/shuffled.ts'
import { type Random } from '../ports/random.ts'
import { type Links } from '../transport/links.ts'
import { MAX_PLACES, type Place, type Spot } from '../wire/topic-placement.ts'
import { estimateMs, fitSpot, heightOf } from './coordinates.ts'
import { type Child, FEW_CHILDREN, MAX_CHILDREN, type TopicTree } from './topic-tree.ts'

/** Chosen: of so many drawn at random the most central is near the middle, and so few are well served without. */
const CORE_AT = 16
/** So long after this node became the root, whoever was the core before may hang itself under it. */
const FORMER_CORE_MS = 60_000
/** Of the core's own mean: to move it costs each of its children some messages. */
const BETTER_CORE = 0.97
/** Of the answer, for a node to measure itself by. */
export const DRAWN = 2

export class PlaceList {
  readonly #links: Links
  readonly #random: Random

  constructor(links: Links, random: Random) {
    this.#links = links
    this.#random = random
  }

  /** What a message takes between this node and the core, or the root as long as there is none. */
  costMs(tree: TopicTree): number {
    const { parent, core } = tree
    if (parent === undefined) return core === undefined ? 0 : this.#rttMs(core) / 2
    return tree.isCore ? 0 : tree.parentCostMs + this.#rttMs(parent) / 2
  }

  /** The mean round trip to all that this node has links with. */
  meanRttMs(): number {
    let [sum, count] = [0, 0]
    for (const { isOpen, rttMs } of this.#links.all())
      if (isOpen && rttMs > 0) [sum, count] = [sum + rttMs, count + 1]
    return count === 0 ? 0 : sum / count
  }

  /** At most MAX_PLACES of them. */
  places(tree: TopicTree, asker: { id?: NodeId | undefined; spot: Spot | undefined }): Place[] {
    const core = tree.core && this.#childPlace(tree, tree.core)
    if (core && tree.core !== asker.id) return [core]
    const others = [...tree.children.keys()].filter((id) => id !== asker.id)
    const all = shuffled(
      others.flatMap((id) => this.#childPlace(tree, id) ?? []),
      this.#random,
    )
    const { spot } = asker
    if (spot) {
      const drawn = all.splice(0, DRAWN)
      all.sort((a, b) => totalMs(a, spot) - totalMs(b, spot))
      all.splice(MAX_PLACES - 1 - DRAWN, Infinity, ...drawn)
    } else all.sort((a, b) => Number(b.spot !== undefined) - Number(a.spot !== undefined))
    const own = this.#ownPlace(tree)
    return (tree.hasRoom ? [own, ...all] : [...all, own]).slice(0, MAX_PLACES)
  }

  /** Children that feed some, those nearest to a child first; at most MAX_PLACES of them. */
  siblings(tree: TopicTree, asker: { id: NodeId | undefined; spot: Spot | undefined }): Place[] {
    const near: [number, Place][] = []
    for (const [id, { counts, spot }] of tree.children) {
      if (id === asker.id || !spot || !asker.spot || (counts?.children ?? 0) < FEW_CHILDREN) continue
      const place = this.#childPlace(tree, id)
      if (place) near.push([estimateMs(spot, asker.spot), place])
    }
    return near
      .sort(([a], [b]) => a - b)
      .slice(0, MAX_PLACES)
      .map(([, place]) => place)
  }

  /** The child to be the core, where there is none yet and it is time for one. */
  coreOf(tree: TopicTree, nowMs: number): NodeId | undefined {
    if (tree.position.kind !== 'root' || tree.core !== undefined) return undefined
    const former = nowMs - tree.rootSinceMs < FORMER_CORE_MS ? this.#formerCore(tree) : undefined
    if (former !== undefined) return former
    if (tree.children.size < CORE_AT) return undefined
    const known = [...tree.children.values()].filter(({ meanRttMs }) => meanRttMs)
    return 2 * known.length < tree.children.size ? undefined : this.#mostCentral(tree)?.[0]
  }

  /** By what the children say of themselves, which later on is no reason to hand all others on to one. */
  #formerCore(tree: TopicTree): NodeId | undefined {
    const { members } = tree.counts
    const isFormer = ({ counts }: Child): boolean =>
      counts !== undefined && counts.children >= CORE_AT && 2 * counts.members > members
    return [...tree.children].find(([, child]) => isFormer(child))?.[0]
  }

  /** At the core: a child that is clearly more central. Measured by both, so that it is not proposed back. */
  betterCore(tree: TopicTree): Place | undefined {
    if (!tree.isCore || tree.children.size < CORE_AT) return undefined
    const best = this.#mostCentral(tree)
    const isBetter = best && best[1].meanRttMs! < BETTER_CORE * this.meanRttMs()
    return isBetter ? this.#childPlace(tree, best[0]) : undefined
  }

  #mostCentral(tree: TopicTree): [NodeId, Child] | undefined {
    return [...tree.children]
      .filter(([id, { meanRttMs }]) => meanRttMs && this.#links.get(id)?.isOpen)
      .sort(([, a], [, b]) => a.meanRttMs! - b.meanRttMs!)[0]
  }

  #ownPlace(tree: TopicTree): Place {
    const { self } = this.#links
    if (tree.position.kind === 'root') tree.spot ??= this.#spotOfRoot(tree)
    return { record: self, hasRoom: tree.hasRoom, costMs: this.costMs(tree), spot: tree.spot }
  }

  /** The first root is where the plane begins; a later one finds its children placed already. */
  #spotOfRoot(tree: TopicTree): Spot {
    const measured = [...tree.children].flatMap(([id, { spot }]) =>
      spot && this.#rttMs(id) > 0 ? [{ spot, rttMs: this.#rttMs(id) }] : [],
    )
    if (measured.length > 0) return fitSpot(measured, undefined, this.#random.unit())
    return { x: 0, y: 0, height: heightOf([...this.#links.all()].map(({ rttMs }) => rttMs)) }
  }

  #childPlace(tree: TopicTree, id: NodeId): Place | undefined {
    const link = this.#links.get(id)
    const child = tree.children.get(id)
    if (!link?.isOpen || !child) return undefined
    const hasRoom = (child.counts?.children ?? 0) < MAX_CHILDREN
    const costMs = tree.core === id ? 0 : this.costMs(tree) + link.rttMs / 2
    return { record: link.peer, hasRoom, costMs, spot: child.spot }
  }

  #rttMs(id: NodeId): number {
    return this.#links.get(id)?.rttMs ?? 0
  }
}

function totalMs({ costMs, spot, hasRoom }: Place, from: Spot): number {
  if (!hasRoom || !spot) return Infinity
  return costMs + estimateMs(spot, from) / 2
}
