// The ways that routing may choose from: those on the map of the links around, which are true now and the shortest there are,
// and the records that probes have laid, which lead farther.

import { BoundedMap } from '../base/bounded-map.ts'
import { compareDistance, type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'
import { type Paths, type PathStep } from '../ports/paths.ts'
import { type Announcing } from './announcing.ts'
import { type LinkMap } from './link-map.ts'

/** A node on the way that drops what it is to pass on is not asked again for so long where another way is there. */
const BLAMED_FOR_MS = 30_000
const MAX_BLAMED = 256

export class KnownWays implements Paths {
  readonly #clock: Clock
  readonly #map: LinkMap
  readonly #records: Paths
  readonly #announcing: Pick<Announcing, 'hasHeardAll' | 'isForming' | 'silent'>
  /** By target and link: until when. */
  readonly #blamedUntilMs = new BoundedMap<string, number>(MAX_BLAMED)

  constructor(
    clock: Clock,
    map: LinkMap,
    records: Paths,
    announcing: Pick<Announcing, 'hasHeardAll' | 'isForming' | 'silent'>,
  ) {
    this.#clock = clock
    this.#map = map
    this.#records = records
    this.#announcing = announcing
  }

  step(target: NodeId, below: number, isUsable: (link: NodeId) => boolean): PathStep | undefined {
    const onMap = this.#onMap(target, below, isUsable)
    const recorded = this.#records.step(target, onMap?.hops ?? below, isUsable)
    return recorded ?? onMap
  }

  mapped(target: NodeId, isUsable: (link: NodeId) => boolean): PathStep | undefined {
    return this.#onMap(target, Infinity, isUsable)
  }

  isMapped(target: NodeId): boolean {
    return this.#map.size > 0 && this.#map.hopsTo(target) < Infinity
  }

  isWhole(): boolean {
    return this.#announcing.hasHeardAll() && this.#map.isWhole()
  }

  isForming(): boolean {
    return this.#announcing.isForming()
  }

  closest(key: NodeId, isWanted: (target: NodeId) => boolean): NodeId | undefined {
    const recorded = this.#records.closest(key, isWanted)
    const onMap = this.#map.closest(
      key,
      (id) => (!recorded || compareDistance(key, id, recorded) < 0) && isWanted(id),
    )
    return onMap ?? recorded
  }

  failed(target: NodeId, link: NodeId): void {
    this.#blamedUntilMs.set(`${target} ${link}`, this.#clock.nowMs() + BLAMED_FOR_MS)
    this.#records.failed(target, link)
  }

  worked(target: NodeId, link: NodeId): void {
    this.#blamedUntilMs.delete(`${target} ${link}`)
    this.#records.worked(target, link)
  }

  silent(link: NodeId): void {
    this.#announcing.silent(link)
  }

  #onMap(target: NodeId, below: number, isUsable: (link: NodeId) => boolean): PathStep | undefined {
    if (this.#map.size === 0) return undefined
    const ways = this.#map.ways(target, below, isUsable)
    return ways.find(({ link }) => !this.#isBlamed(target, link)) ?? ways[0]
  }

  #isBlamed(target: NodeId, link: NodeId): boolean {
    return (this.#blamedUntilMs.get(`${target} ${link}`) ?? 0) > this.#clock.nowMs()
  }
}
