// The Internet as this program meets it: hosts on a plane, some of them behind translators. A host that strangers can
// reach links with anybody; two behind translators link where theirs let hole punching succeed. Whether a pair can is
// decided by a hash of the pair, so it never changes and needs no table.

import { hashUnit, pairUnit } from '../kernel/pair-hash.ts'
import { type Terrain } from './terrain.ts'

export interface InternetOptions {
  seed: number
  /** Share of hosts behind a translator. */
  nat: number
  /** Share of pairs of such hosts that can be punched. */
  punch: number
  loss: number
  /** Reachable hosts with the lowest numbers that every newcomer is told of. */
  bootstraps: number
  /** Regions in which hosts crowd; 0 spreads them evenly. */
  clusters?: number
}

const X = 1
const Y = 2
const TRANSLATED = 3
const PUNCHED = 4
const REGION = 5

/** Last mile and first router. */
const LEAST_DELAY_MS = 5
/** Across the whole plane: half way round the world takes 120 ms in fibre, with its detours. */
const DELAY_PER_SIDE_MS = 90
const REGION_RADIUS = 0.04

export class Internet implements Terrain {
  readonly #options: InternetOptions

  constructor(options: InternetOptions) {
    this.#options = options
  }

  get describe(): string {
    const { nat, punch, loss, clusters, bootstraps } = this.#options
    const where = clusters ? `${clusters} regions` : 'a plane'
    return `hosts on ${where}, ${percent(nat)} behind NAT, ${percent(punch)} of NAT pairs punchable, ${percent(loss)} loss, ${bootstraps} bootstrap hosts, ${LEAST_DELAY_MS} ms + ${DELAY_PER_SIDE_MS} ms per side one way`
  }

  canLink(a: number, b: number): boolean {
    if (!this.isTranslated(a) || !this.isTranslated(b)) return true
    return pairUnit(this.#options.seed, PUNCHED, a, b) < this.#options.punch
  }

  needsSignal(_caller: number, called: number): boolean {
    return this.isTranslated(called)
  }

  delayMs(a: number, b: number): number {
    const one = this.position(a)
    const other = this.position(b)
    const [east, south] = [one.x - other.x, one.y - other.y]
    return LEAST_DELAY_MS + DELAY_PER_SIDE_MS * Math.sqrt(east * east + south * south)
  }

  lossRate(): number {
    return this.#options.loss
  }

  isTranslated(host: number): boolean {
    const { seed, nat, bootstraps } = this.#options
    return host >= bootstraps && hashUnit(seed, TRANSLATED, host) < nat
  }

  position(host: number): { x: number; y: number } {
    const { seed, clusters } = this.#options
    const x = hashUnit(seed, X, host)
    const y = hashUnit(seed, Y, host)
    if (!clusters) return { x, y }
    const region = Math.floor(hashUnit(seed, REGION, host) * clusters)
    const radius = REGION_RADIUS * Math.sqrt(x)
    return {
      x: 0.1 + 0.8 * hashUnit(seed, X, region, 1) + radius * Math.cos(2 * Math.PI * y),
      y: 0.1 + 0.8 * hashUnit(seed, Y, region, 1) + radius * Math.sin(2 * Math.PI * y),
    }
  }

  introducers(_host: number, count: number): number[] {
    return Array.from({ length: Math.min(this.#options.bootstraps, count) }, (_, number) => number)
  }
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
