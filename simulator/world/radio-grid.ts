// Radios on a square grid and no Internet: each hears its 8 neighbours, and how well depends on the direction. A pair of
// which one side does not hear the other has no session, because sessions need acknowledgements.

import { hashUnit } from '../kernel/pair-hash.ts'
import { type Terrain } from './terrain.ts'

export interface RadioGridOptions {
  seed: number
  nodes: number
  /** Mean share of packets lost; each direction of each pair draws its own, evenly from 0 to twice that. */
  loss: number
  /** Share of directions that carry nothing. */
  oneWay: number
}

const LOSS = 11
const DEAF = 12
/** A frame's time in the air, with its turn for it. */
const HOP_DELAY_MS = 4

export class RadioGrid implements Terrain {
  readonly #options: RadioGridOptions
  readonly #side: number

  constructor(options: RadioGridOptions) {
    this.#options = options
    this.#side = Math.max(1, Math.ceil(Math.sqrt(options.nodes)))
  }

  get describe(): string {
    const { loss, oneWay } = this.#options
    return `radio grid of ${this.#side} x ${this.#side}, 8 neighbours, loss per direction 0 to ${200 * loss} %, ${100 * oneWay} % of directions deaf, ${HOP_DELAY_MS} ms a hop`
  }

  canLink(a: number, b: number): boolean {
    return this.#areNeighbours(a, b) && !this.#isDeaf(a, b) && !this.#isDeaf(b, a)
  }

  needsSignal(): boolean {
    return false
  }

  delayMs(): number {
    return HOP_DELAY_MS
  }

  lossRate(from: number, to: number): number {
    return Math.min(0.9, 2 * this.#options.loss * hashUnit(this.#options.seed, LOSS, from, to))
  }

  isTranslated(): boolean {
    return false
  }

  position(host: number): { x: number; y: number } {
    const { column, row } = this.#at(host)
    return { x: (column + 0.5) / this.#side, y: (row + 0.5) / this.#side }
  }

  /** Radios announce themselves to those who hear them. */
  introducers(host: number, count: number): number[] {
    const { column, row } = this.#at(host)
    const found: number[] = []
    for (let y = row - 1; y <= row + 1; y++)
      for (let x = column - 1; x <= column + 1; x++) {
        const other = y * this.#side + x
        const isInside = x >= 0 && y >= 0 && x < this.#side && y < this.#side && other < count
        if (isInside && other !== host && this.canLink(host, other)) found.push(other)
      }
    return found
  }

  #areNeighbours(a: number, b: number): boolean {
    const one = this.#at(a)
    const other = this.#at(b)
    return a !== b && Math.abs(one.column - other.column) <= 1 && Math.abs(one.row - other.row) <= 1
  }

  #isDeaf(from: number, to: number): boolean {
    return hashUnit(this.#options.seed, DEAF, from, to) < this.#options.oneWay
  }

  #at(host: number): { column: number; row: number } {
    const cell = host % (this.#side * this.#side)
    return { column: cell % this.#side, row: Math.floor(cell / this.#side) }
  }
}
