// Unicast trees as one protocol: the records that lead to others, and the probes that lay them.
// Read first: wire/unicast-probe (what is sent), probing (when, and what is believed), next-hop-records (what is kept).

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { NextHopRecords } from './next-hop-records.ts'
import { Probing, type ProbingOptions, type ProbingParts } from './probing.ts'

export interface UnicastOptions extends ProbingOptions {
  /** Origins that this node keeps ways to at most. */
  records: number
  /** One record stands for all ids that open with the same so many hex digits. For measurements; off by default. */
  rangeDigits?: number | undefined
}

/** What the experiments `variants` and `offset` showed to be enough (docs/decisions.md). */
export const UNICAST_DEFAULTS: UnicastOptions = { copies: 3, isFirstLinkRandom: true, records: 1024 }

/** Whatever a probe says; shorter than a gate. */
const MAX_RECORD_LIFE_MS = 270_000

export class Unicast {
  readonly #records: NextHopRecords
  readonly #probing: Probing

  /** `records` is made first: routing needs it, and the probes need routing. */
  constructor(around: Surroundings, records: NextHopRecords, parts: Omit<ProbingParts, 'records'>) {
    this.#records = records
    this.#probing = new Probing(around, { ...parts, records })
  }

  start(): void {
    this.#probing.start()
  }

  linkDown(id: NodeId): void {
    this.#records.linkDown(id)
  }
}

export function unicastRecords(
  { clock }: Surroundings,
  { records: origins, rangeDigits }: Pick<UnicastOptions, 'records' | 'rangeDigits'>,
): NextHopRecords {
  return new NextHopRecords(clock, { origins, lifeMs: MAX_RECORD_LIFE_MS, rangeDigits })
}
