import { IdMap } from '../base/id-map.ts'
import { type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'

/** When each linked peer last said something; coming up counts. In whole milliseconds, which take no object each. */
export class LastHeard {
  readonly #clock: Clock
  readonly #atMs = new IdMap<number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  linkUp(id: NodeId): void {
    this.#atMs.set(id, Math.floor(this.#clock.nowMs()))
  }

  linkDown(id: NodeId): void {
    this.#atMs.delete(id)
  }

  heard(id: NodeId): void {
    this.#atMs.replace(id, Math.floor(this.#clock.nowMs()))
  }

  /** Infinity where there is no link. */
  silentMs(id: NodeId): number {
    return this.#clock.nowMs() - (this.#atMs.get(id) ?? -Infinity)
  }
}
