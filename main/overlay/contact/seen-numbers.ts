import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'

const MAX_SOURCES = 512
const MAX_PER_SOURCE = 512

/** The last messages of each sender, by number. One sender's many messages do not make us forget another's. */
export class SeenNumbers {
  readonly #bySource = new BoundedMap<NodeId, BoundedMap<string, true>>(MAX_SOURCES)

  /** False for a repeat. */
  isNew(source: NodeId, number: string): boolean {
    const seen = this.#bySource.get(source) ?? new BoundedMap<string, true>(MAX_PER_SOURCE)
    this.#bySource.set(source, seen)
    if (seen.has(number)) return false
    seen.set(number, true)
    return true
  }
}
