// The answers to one read, and when it needs no more of them. An immutable record proves itself: the first is the answer. Of
// a signed one the highest sequence counts, once nearly all ways have answered and none with a newer. Answers are not signed,
// and every node on a way may give one in another's name, and sooner than the root could: so it is the ways that are counted,
// not the nodes that seem to answer, and a majority of those that were first tells nothing.

import { type DhtRecord } from '../api.ts'
import { compareRecords } from './record-rules.ts'

export interface Answer {
  /** -1: this node's own copy. */
  rootIndex: number
  /** Valid, and of this key; undefined where there is none. */
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

  /** `agreeing`: along so many ways the same signed record has to have come. */
  isSettled(agreeing: number): boolean {
    if (!this.best) return false
    const ways = this.#withBest().filter(({ rootIndex }) => rootIndex >= 0)
    return this.best.kind === 'immutable' || ways.length >= agreeing
  }

  /** Along some way came nothing, or an older record than the best. */
  get isDisputed(): boolean {
    return this.behind().length > 0
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
