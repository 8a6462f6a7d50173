// Nodes that come and go: each stays for a session of Weibull length, and when it crashes a new one joins a little
// later, so that the network keeps its size. The bootstrap hosts stay: without them nobody could join.

import { SeededRandom } from '../kernel/seeded-random.ts'
import { type Host, type World } from './world.ts'

export interface PopulationOptions {
  /** Of the sessions' lengths alone: the same nodes stay as long whatever the protocols draw in between. */
  seed: number
  medianSessionMs: number
  /** Below 1, most sessions are short and a few last (0.4 to 0.6 is measured in file-sharing networks). */
  shape: number
  staying: number
  /** Told of every newcomer. */
  onJoin: (host: Host) => void
}

const LONGEST_PAUSE_MS = 10_000

export class Population {
  readonly #world: World
  readonly #options: PopulationOptions
  readonly #random: SeededRandom
  deaths = 0

  constructor(world: World, options: PopulationOptions) {
    this.#world = world
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  start(): void {
    for (const host of this.#world.alive) this.#limit(host)
  }

  /** So many newcomers within so long, who then come and go as all others do. */
  crowd(newcomers: number, withinMs: number): void {
    for (let i = 0; i < newcomers; i++) this.#after(withinMs * this.#random.unit(), () => void this.#join())
  }

  #limit(host: Host): void {
    if (host.number < this.#options.staying) return
    this.#after(this.#sessionMs(), () => {
      this.deaths++
      this.#world.kill([host])
      this.#after(LONGEST_PAUSE_MS * this.#random.unit(), () => void this.#join())
    })
  }

  async #join(): Promise<void> {
    const host = await this.#world.join()
    this.#options.onJoin(host)
    this.#limit(host)
  }

  #sessionMs(): number {
    const { medianSessionMs, shape } = this.#options
    const scaleMs = medianSessionMs / Math.log(2) ** (1 / shape)
    return scaleMs * (-Math.log(1 - this.#random.unit())) ** (1 / shape)
  }

  #after(delayMs: number, action: () => void): void {
    const { queue } = this.#world
    queue.at(queue.nowMs + delayMs, action)
  }
}
