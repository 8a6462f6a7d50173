// Do the next-hop records of a network lead where they say? Looked at now and then during any experiment, by somebody who
// sees all nodes at once.
//
// What a node can keep right by itself must be right: no record long past its expiry, none over a link that is gone,
// none with hops that no probe can have come. Whether the way beyond the next node still is as it was is another
// matter: a link farther on may have gone down since, which nobody tells. That is counted, as a share of the ways that
// were walked, and is what the dead-end budget and the next probe are for.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { type OverlayNode } from '../../main/overlay/node.ts'
import { MOST_PERIOD_MS } from '../../main/overlay/unicast/probing.ts'
import { MAX_HOPS } from '../../main/overlay/wire/routed-message.ts'

export interface RecordFindings {
  looked: number
  /** Past their expiry and not swept yet: kept for nothing, not followed. */
  stale: number
  /** Ways walked from their start, and those of them that did not lead to their target. */
  walked: number
  broken: number
  violations: number
  examples: string[]
}

/** What it looks at of a simulated host. */
export interface RecordKeeper {
  readonly id: NodeId
  readonly number: number
  readonly node: Pick<OverlayNode, 'unicastWays'>
  readonly links: { get(id: NodeId): { readonly isOpen: boolean } | undefined }
}

type Way = OverlayNode['unicastWays'] extends Iterable<infer Each> ? Each : never

/** Each round of probes sweeps, and the rounds of a node in plain sight are 2.4 longest periods apart at most. */
const SWEPT_WITHIN_MS = 2.4 * MOST_PERIOD_MS
/** From the second node on; the first has a link. */
const LEAST_HOPS = 2
/** A way crosses many nodes, so a few of each node show what there is to see. */
const WALKED_PER_NODE = 4
const MAX_KEPT = 20

export class RecordFreshness {
  readonly #examples: string[] = []
  #looks = 0
  #looked = 0
  #stale = 0
  #walked = 0
  #broken = 0
  #violations = 0

  get findings(): RecordFindings {
    return {
      looked: this.#looked,
      stale: this.#stale,
      walked: this.#walked,
      broken: this.#broken,
      violations: this.#violations,
      examples: this.#examples,
    }
  }

  /** Looks at some of those that are up, whose ways lead over any of them. */
  look(hosts: readonly RecordKeeper[], alive: readonly RecordKeeper[], nowMs: number): void {
    this.#looks++
    const byId = new Map(alive.map((host) => [host.id, host]))
    for (const host of hosts) {
      const ways = [...host.node.unicastWays]
      for (const way of ways) this.#judge(host, way, nowMs)
      const fresh = ways.filter(({ expiresMs }) => expiresMs > nowMs)
      const stride = Math.max(1, Math.floor(fresh.length / WALKED_PER_NODE))
      // Others each time, but no chance: watching must not change what is watched.
      const walked = fresh.filter((_, i) => i % stride === this.#looks % stride)
      for (const way of walked.slice(0, WALKED_PER_NODE)) {
        this.#walked++
        if (!leadsThere(way, byId, nowMs)) this.#broken++
      }
    }
  }

  #judge({ number, links }: RecordKeeper, { link, hops, expiresMs }: Way, nowMs: number): void {
    this.#looked++
    if (expiresMs <= nowMs) this.#stale++
    if (expiresMs + SWEPT_WITHIN_MS <= nowMs) this.#tell(`node ${number} keeps a record that has expired`)
    if (hops < LEAST_HOPS || hops > MAX_HOPS) this.#tell(`node ${number} has a record of ${hops} hops`)
    if (!links.get(link)?.isOpen) this.#tell(`node ${number} has a record over a link that is gone`)
  }

  #tell(example: string): void {
    this.#violations++
    if (this.#examples.length < MAX_KEPT) this.#examples.push(example)
  }
}

/** Node by node, over the best way of each, which must be shorter than the last one's; the last has a link to the target. */
function leadsThere(first: Way, byId: ReadonlyMap<NodeId, RecordKeeper>, nowMs: number): boolean {
  const { target } = first
  let way: Way | undefined = first
  while (way) {
    const { link, hops }: Way = way
    const next = byId.get(link)
    if (!next) return false
    if (next.links.get(target)?.isOpen) return byId.has(target)
    way = wayFrom(next, target)
    if (way && (way.hops >= hops || way.expiresMs <= nowMs)) return false
  }
  return false
}

function wayFrom({ node }: RecordKeeper, target: NodeId): Way | undefined {
  for (const way of node.unicastWays) if (way.target === target) return way
  return undefined
}
