// All that watches a network while an experiment runs, at either depth: its routed messages, what its nodes keep, and whether
// their records lead where they say. Watching draws nothing by chance and sends nothing, so it changes no trace.

import { type Figures } from '../experiments/experiment.ts'
import { FallingHops } from './falling-hops.ts'
import { type RecordKeeper, RecordFreshness } from './record-freshness.ts'
import { RouteChecker } from './route-checker.ts'
import { type Bounded, StateBounds } from './state-bounds.ts'

export interface WatchedWorld {
  readonly nowMs: number
  readonly alive: readonly (RecordKeeper & Bounded)[]
  /** What nodes logged as errors. */
  readonly errors: readonly string[]
}

const LOOK_EVERY_MS = 15_000
const LOOKED_AT = 50
const MAX_TOLD = 10

export class Checkers {
  readonly #world: WatchedWorld
  readonly #routes: RouteChecker
  readonly #hops: FallingHops
  readonly #bounds: StateBounds
  readonly #freshness = new RecordFreshness()
  #lookedMs = 0

  /** They follow a `share` of the routed messages; a node may have `mostRecords` next-hop records. */
  constructor(world: WatchedWorld, { share, mostRecords }: { share: number; mostRecords: number }) {
    this.#world = world
    this.#routes = new RouteChecker(() => world.nowMs, share)
    this.#hops = new FallingHops(() => world.nowMs, share)
    this.#bounds = new StateBounds(mostRecords)
  }

  /** Sees every message that goes from a node to another; hosts by number. */
  sent(from: number, to: number, message: Uint8Array): void {
    this.#routes.sent(from, to, message)
    this.#hops.sent(from, to, message)
  }

  /** A routed request was handed over at its end. */
  delivered(requestId: string, host: number): void {
    this.#routes.delivered(requestId, host)
  }

  /** Looks at some of the nodes, now and then; to be called often. */
  look(): void {
    const { nowMs, alive } = this.#world
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return
    this.#lookedMs = nowMs
    const stride = Math.max(1, Math.floor(alive.length / LOOKED_AT))
    const looked = alive.filter((_, i) => i % stride === 0)
    this.#bounds.look(looked)
    this.#freshness.look(looked, alive, nowMs)
  }

  /** Problems that must not be, by number; but for staleRecords and brokenWays, which are shares. */
  get figures(): Figures {
    const { loops, repeats, deliveredTwice, deliveredApart } = this.#routes.findings
    const { violations, stale, looked, broken, walked } = this.#freshness.findings
    return {
      loops,
      repeats,
      deliveredTwice,
      deliveredApart,
      boundViolations: this.#bounds.findings.violations.length,
      recordViolations: violations + this.#hops.findings.rises,
      staleRecords: stale / Math.max(1, looked),
      brokenWays: broken / Math.max(1, walked),
      overlayErrors: this.#world.errors.length,
    }
  }

  /** The same in words, with examples. */
  get notes(): string[] {
    const { errors } = this.#world
    const routes = this.#routes.findings
    const bounds = this.#bounds.findings
    const records = this.#freshness.findings
    const { followed, rises } = this.#hops.findings
    return [
      `checkers: ${routes.followed} routed messages followed, ${routes.loops} loops, ${routes.repeats} repeats by another way, ${routes.deliveredTwice} delivered twice, ${routes.deliveredApart} at two roots; ${bounds.looked} nodes looked at, ${bounds.violations.length} out of bounds, ${bounds.mostLinks} links at most; ${errors.length} errors logged`,
      `records: ${records.looked} looked at, ${records.stale} past their expiry, ${records.violations} wrong; of ${records.walked} ways walked from their start ${records.broken} led nowhere; ${followed} crossings along records watched, ${rises} with hops that did not fall`,
      ...[...routes.examples, ...bounds.violations, ...records.examples, ...errors]
        .slice(0, MAX_TOLD)
        .map((problem) => `  problem: ${problem}`),
    ]
  }
}
