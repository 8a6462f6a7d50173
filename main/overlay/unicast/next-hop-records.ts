// Which link leads to whom: what passing probes left behind. For each origin up to four ways, the shortest first; a new one is
// there before the old expires, so a path is made before it is broken. Bounded, and when full, the link that has brought the
// most gives way: a hub, or somebody who floods, costs himself and not the others.

import { type NodeId } from '../base/id.ts'
import { RingIndex } from '../base/ring-index.ts'
import { type Clock } from '../ports/clock.ts'
import { type Paths, type PathStep } from '../ports/paths.ts'

interface Way {
  link: NodeId
  sequence: number
  hops: number
  expiresMs: number
  /** End-to-end acknowledgements missed in a row. */
  failures: number
}

export interface RecordLimits {
  /** Origins; DESIGN §4 expects O(log n) where links are plentiful, O(sqrt(n) log n) on a plane. */
  origins: number
  /** Of a record, at most. */
  lifeMs: number
  /** One origin speaks for all ids that open with the same so many hex digits; without it each for itself alone. */
  rangeDigits?: number | undefined
}

const MAX_WAYS = 4
/** At most so often where probes come, and by this node's own rounds where none do. */
const SWEEP_PERIOD_MS = 15_000
/** A way that failed so often in a row is not kept until it expires. */
const MAX_FAILURES = 3

export class NextHopRecords implements Paths {
  readonly #clock: Clock
  readonly #limits: RecordLimits
  readonly #ways = new Map<NodeId, Way[]>()
  readonly #index = new RingIndex()
  #sweptMs = 0

  constructor(clock: Clock, limits: RecordLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Origins there is a way to. */
  get size(): number {
    return this.#ways.size
  }

  /** For checkers and drawings: each origin with its best way. */
  *entries(): Iterable<PathStep & { sequence: number; expiresMs: number }> {
    for (const [target, [best]] of this.#ways) if (best) yield { target, ...best }
  }

  /** A probe of that origin has come over that link. */
  add(
    origin: NodeId,
    found: { link: NodeId; sequence: number; hops: number },
    lifeMs: number = this.#limits.lifeMs,
  ): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#sweptMs >= SWEEP_PERIOD_MS) this.sweep()
    const known = (this.#ways.get(origin) ?? []).filter(({ expiresMs }) => expiresMs > nowMs)
    if (known.some((way) => way.sequence > found.sequence)) return
    if (known.some((way) => way.sequence === found.sequence && isAsGood(way, found))) return
    const ways = known.filter((way) => !isAsGood(found, way))
    // Whoever passes on probes and drops messages does not begin anew with each probe.
    const failures =
      Math.max(0, ...known.filter((way) => way.link === found.link).map((way) => way.failures)) >> 1
    const { link, sequence, hops } = found
    const expiresMs = Math.floor(nowMs + Math.min(lifeMs, this.#limits.lifeMs))
    ways.push({ link, sequence, hops, expiresMs, failures })
    this.#set(origin, chosenOf(ways, found.sequence))
    if (this.#limits.rangeDigits !== undefined) this.#keepNearestOfRange(origin, this.#limits.rangeDigits)
    while (this.#ways.size > this.#limits.origins) this.#shed()
  }

  step(target: NodeId, below: number, isUsable: (link: NodeId) => boolean): PathStep | undefined {
    const nowMs = this.#clock.nowMs()
    const way = this.#ways
      .get(target)
      ?.find((each) => each.expiresMs > nowMs && each.hops < below && isUsable(each.link))
    return way && { target, link: way.link, hops: way.hops }
  }

  closest(key: NodeId, isWanted: (target: NodeId) => boolean): NodeId | undefined {
    return this.#index.closest(key, isWanted)
  }

  /** Records are no map. */
  mapped(): undefined {
    return undefined
  }

  isMapped(): boolean {
    return false
  }

  isWhole(): boolean {
    return false
  }

  isForming(): boolean {
    return false
  }

  failed(target: NodeId, link: NodeId): void {
    this.#judge(target, link, (way) => way.failures + 1)
  }

  worked(target: NodeId, link: NodeId): void {
    this.#judge(target, link, () => 0)
  }

  /** What goes over it may come through all the same; if not, its ways fail one by one, or go with the link. */
  silent(): void {
    return
  }

  linkDown(link: NodeId): void {
    for (const [origin, ways] of this.#ways)
      if (ways.some((way) => way.link === link))
        this.#set(
          origin,
          ways.filter((way) => way.link !== link),
        )
  }

  /** Forgets what has expired. */
  sweep(): void {
    const nowMs = (this.#sweptMs = this.#clock.nowMs())
    for (const [origin, ways] of this.#ways)
      if (ways.some(({ expiresMs }) => expiresMs <= nowMs))
        this.#set(
          origin,
          ways.filter(({ expiresMs }) => expiresMs > nowMs),
        )
  }

  /** All over that link: its other end chooses among its own ways, whichever was meant here. */
  #judge(target: NodeId, link: NodeId, failuresOf: (way: Way) => number): void {
    const ways = this.#ways.get(target)
    if (!ways) return
    for (const way of ways) if (way.link === link) way.failures = failuresOf(way)
    this.#set(target, ways.filter(({ failures }) => failures < MAX_FAILURES).sort(byMerit))
  }

  #set(origin: NodeId, ways: Way[]): void {
    if (ways.length === 0) {
      this.#ways.delete(origin)
      this.#index.remove(origin)
    } else {
      this.#ways.set(origin, ways)
      this.#index.add(origin)
    }
  }

  /** Where two are as near, the one that was there first stays, so that ways of others over this node hold. */
  #keepNearestOfRange(origin: NodeId, digits: number): void {
    const range = origin.slice(0, digits)
    const rival = this.#index.closest(origin, (id) => id !== origin && id.startsWith(range))
    if (!rival) return
    const [here, there] = [this.#ways.get(origin)![0]!, this.#ways.get(rival)![0]!]
    this.#set(here.hops < there.hops ? rival : origin, [])
  }

  /** Of the link that is the best way to the most origins, the ways to the one that would expire first. */
  #shed(): void {
    const load = new Map<NodeId, number>()
    for (const [best] of this.#ways.values()) load.set(best!.link, (load.get(best!.link) ?? 0) + 1)
    const most = Math.max(...load.values())
    let oldest: { origin: NodeId; link: NodeId; expiresMs: number } | undefined
    for (const [origin, [best]] of this.#ways)
      if (load.get(best!.link) === most && (!oldest || best!.expiresMs < oldest.expiresMs))
        oldest = { ...best!, origin }
    const { origin, link } = oldest!
    this.#set(
      origin,
      this.#ways.get(origin)!.filter((way) => way.link !== link),
    )
  }
}

/** The best of them, and one of the newest round in any case: it is what is left when the others expire. */
function chosenOf(ways: Way[], newestSequence: number): Way[] {
  const sorted = ways.sort(byMerit)
  const isNewest = ({ sequence }: Way): boolean => sequence === newestSequence
  const best = sorted.slice(0, MAX_WAYS)
  return best.some(isNewest) ? best : [...best.slice(0, -1), sorted.find(isNewest)!]
}

/** Over the same link, and no longer. An older and shorter way stays beside a newer one until it expires. */
function isAsGood(one: { link: NodeId; hops: number }, other: { link: NodeId; hops: number }): boolean {
  return one.link === other.link && one.hops <= other.hops
}

/**
 * Fewest hops first, of whatever round. A way goes only where ways that are as short stay, so whoever follows one of h hops
 * finds one of fewer at the next node.
 */
function byMerit(a: Way, b: Way): number {
  return a.failures - b.failures || a.hops - b.hops || b.sequence - a.sequence
}
