// The map that a node with few links has of the links around it: the nearest nodes, each with the links it announced. A link
// counts where both ends announced it. Ways are the shortest on the map, one over each of this node's own links and none
// of them back through it, so that whoever is handed a message h links from its end has a way of h links itself.

import { compareDistance, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type PathStep } from '../ports/paths.ts'
import { hintOf } from '../wire/id-hints.ts'
import { type LinkAnnouncement, MAX_MAPPED } from '../wire/link-announcement.ts'

interface MappedNode {
  announcement: LinkAnnouncement
  links: ReadonlySet<string>
}

type Distances = ReadonlyMap<string, number>

const NOWHERE: Distances = new Map()

export class LinkMap {
  readonly #self: string
  /** By hint. */
  readonly #nodes = new LeanMap<string, MappedNode>()
  #own: readonly NodeId[] = []
  /** For each own link, how far all others are from its end; undefined since something changed. */
  #distances: ReadonlyMap<NodeId, Distances> | undefined
  #isWhole: boolean | undefined

  constructor(self: NodeId) {
    this.#self = hintOf(self)
  }

  get size(): number {
    return this.#nodes.size
  }

  announcements(): LinkAnnouncement[] {
    return [...this.#nodes.values()].map(({ announcement }) => announcement)
  }

  sequenceOf(hint: string): number | undefined {
    return this.#nodes.get(hint)?.announcement.sequence
  }

  /** This node's own links, as far as they are to be used. */
  setOwn(links: readonly NodeId[]): void {
    this.#own = links
    this.#changed()
  }

  /** Whether it is among the nearest so many; a full map forgets the farthest for a nearer one. */
  hasRoomFor({ origin, links }: LinkAnnouncement): boolean {
    if (this.#nodes.size < MAX_MAPPED || this.#nodes.has(hintOf(origin.id))) return true
    return 1 + Math.min(Infinity, ...links.map((hint) => this.#hopsTo(hint))) < this.#farthest().hops
  }

  /** Believed already. */
  put(announcement: LinkAnnouncement): void {
    const hint = hintOf(announcement.origin.id)
    if (this.#nodes.size >= MAX_MAPPED && !this.#nodes.has(hint)) this.#nodes.delete(this.#farthest().hint)
    this.#nodes.set(hint, { announcement, links: new Set(announcement.links) })
    this.#changed()
  }

  delete(hint: string): void {
    this.#nodes.delete(hint)
    this.#changed()
  }

  clear(): void {
    this.#nodes.clear()
    this.#changed()
  }

  /** Every link of everybody within reach leads to somebody on the map who says so too: nobody else is within reach. */
  isWhole(): boolean {
    if (this.#nodes.size === 0 || this.#nodes.size >= MAX_MAPPED) return false
    return (this.#isWhole ??= this.#hasNoLooseEnd())
  }

  /** Links to it on the shortest way; Infinity where no way is on the map. */
  hopsTo(id: NodeId): number {
    return this.#hopsTo(hintOf(id))
  }

  /** Both said so. */
  areLinked(one: string, other: string): boolean {
    return this.#names(one, other) && this.#names(other, one)
  }

  #names(one: string, other: string): boolean {
    return this.#nodes.get(one)?.links.has(other) ?? false
  }

  /** Ways to it with fewer hops than `below`, over links that are usable, the shortest first. */
  ways(target: NodeId, below: number, isUsable: (link: NodeId) => boolean): PathStep[] {
    const hint = hintOf(target)
    const ways: PathStep[] = []
    for (const [link, distances] of this.#allDistances()) {
      const hops = 1 + (distances.get(hint) ?? Infinity)
      if (hops < below && hops < Infinity && isUsable(link)) ways.push({ target, link, hops })
    }
    return ways.sort((a, b) => a.hops - b.hops)
  }

  /** Of the nodes on the map that are wanted, the closest to the key on the ring. */
  closest(key: NodeId, isWanted: (id: NodeId) => boolean): NodeId | undefined {
    let best: NodeId | undefined
    for (const { announcement } of this.#nodes.values()) {
      const { id } = announcement.origin
      if ((!best || compareDistance(key, id, best) < 0) && isWanted(id)) best = id
    }
    return best
  }

  #changed(): void {
    this.#distances = undefined
    this.#isWhole = undefined
  }

  /** A loose end: a link that only one side names. The other has not spoken yet, has no more to say, or knows better. */
  #hasNoLooseEnd(): boolean {
    const own = new Set(this.#own.map(hintOf))
    const reached = new Set(own)
    for (const at of reached) {
      const links = this.#nodes.get(at)?.links
      if (!links || links.has(this.#self) !== own.has(at)) return false
      for (const next of links) {
        if (next === this.#self) continue
        if (!this.#names(next, at)) return false
        reached.add(next)
      }
    }
    return true
  }

  #hopsTo(hint: string): number {
    if (hint === this.#self) return 0
    let least = Infinity
    for (const distances of this.#allDistances().values())
      least = Math.min(least, 1 + (distances.get(hint) ?? Infinity))
    return least
  }

  #farthest(): { hint: string; hops: number } {
    let farthest = { hint: '', hops: -1 }
    for (const hint of this.#nodes.keys()) {
      const hops = this.#hopsTo(hint)
      if (hops > farthest.hops) farthest = { hint, hops }
    }
    return farthest
  }

  #allDistances(): ReadonlyMap<NodeId, Distances> {
    if (this.#nodes.size === 0) return new Map(this.#own.map((link) => [link, NOWHERE]))
    return (this.#distances ??= new Map(this.#own.map((link) => [link, this.#distancesFrom(hintOf(link))])))
  }

  /** Breadth first. A Map is walked in the order of insertion, and what is inserted meanwhile comes too. */
  #distancesFrom(start: string): Distances {
    const distances = new Map([[start, 0]])
    for (const [at, hops] of distances)
      for (const next of this.#nodes.get(at)?.links ?? [])
        if (next !== this.#self && !distances.has(next) && this.#names(next, at))
          distances.set(next, hops + 1)
    return distances
  }
}
