// The answers to one read, and when it needs no more of them. An immutable record proves itself: the first is the answer. Of
// a signed one the highest sequence counts; two different nodes that answered with the same one are believed to have the
// newest, as long as nobody has a newer.

import { type NodeId } from '../base/id.ts'
import { type DhtRecord } from '../api.ts'
import { compareRecords } from './record-rules.ts'

/** What makes one node's word the network's. */
const AGREEING = 2

export interface Answer {
  /** -1: this node's own copy. */
  rootIndex: number
  responder: NodeId
  /** Valid, and of this key; undefined where the responder has none. */
  record: DhtRecord | undefined
}

export class Search {
  best: DhtRecord | undefined
  failure: unknown
  failures = 0
  readonly #answers: Answer[] = []
  readonly #onNewer: ((record: DhtRecord) => void) | undefined

  constructor(onNewer: ((record: DhtRecord) => void) | undefined) {
    this.#onNewer = onNewer
  }

  get answers(): number {
    return this.#answers.length
  }

  answered(answer: Answer): void {
    this.#answers.push(answer)
    const { record } = answer
    if (!record || (this.best && compareRecords(record, this.best) <= 0)) return
    this.best = record
    this.#onNewer?.(record)
  }

  failed(error: unknown): void {
    this.failure = error
    this.failures++
  }

  /** Nothing that is still to come could make another answer more likely to be the right one. */
  get isSettled(): boolean {
    if (!this.best) return false
    if (this.best.kind === 'immutable') return true
    return new Set(this.#withBest().map(({ responder }) => responder)).size >= AGREEING
  }

  /** Roots at which somebody answered with nothing, or with an older record than the best. */
  behind(): number[] {
    if (!this.best) return []
    const withBest = new Set(this.#withBest())
    const others = this.#answers.filter((each) => each.rootIndex >= 0 && !withBest.has(each))
    return [...new Set(others.map(({ rootIndex }) => rootIndex))]
  }

  #withBest(): Answer[] {
    return this.#answers.filter(
      ({ record }) => record !== undefined && compareRecords(record, this.best!) === 0,
    )
  }
}
