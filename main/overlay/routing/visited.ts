// Where a message says it has been: hints, for a list of whole ids would be most of many a message. Claims of whoever relayed
// it, so they only keep it from going there again.

import { type NodeId, type NodeNames } from '../base/id.ts'

export class Visited implements NodeNames {
  readonly #hints: readonly string[]
  readonly #source: NodeId | undefined

  /** Of a long way only the last nodes are listed; back at its source a message for the source's own id would end. */
  constructor(hints: readonly string[], source?: NodeId) {
    this.#hints = hints
    this.#source = source
  }

  has(id: NodeId): boolean {
    return id === this.#source || this.#hints.some((hint) => id.startsWith(hint))
  }
}
