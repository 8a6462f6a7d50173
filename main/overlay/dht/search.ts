// The answers to one read, and when it needs no more of them. An immutable record proves itself: the first is the answer. Of
// a signed one the highest sequence counts; several different nodes that answered with the same one are believed to have
// the newest, as long as nobody has a newer. Answers are not signed, and every node on a way may give one in another's
// name: so it is the ways that are counted, and each way's answer has to be another's.

import { type NodeId } from '../base/id.ts'
import { type DhtRecord } from '../api.ts'
import { ROOT_COUNT } from '../wire/dht-messages.ts'
import { compareRecords } from './record-rules.ts'

/** Chosen: with a fifth of the nodes dead, or dropping what they should pass on, four of six answer in time. */
const UNANIMOUS_SHARE = 0.5
/** In a network of two or three. */
export const LEAST_AGREEING = 2

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
  readonly #agreeing: number

  /** `agreeing`: so many different nodes with the same signed record are enough. */
  constructor(onNewer: ((record: DhtRecord) => void) | undefined, agreeing: number) {
    this.#onNewer = onNewer
    this.#agreeing = agreeing
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

  /** The rest is likelier slow than of another opinion. */
  get isSettled(): boolean {
    if (!this.best) return false
    return this.best.kind === 'immutable' || this.#agreement >= this.#agreeing || this.#isUnanimous
  }

  /**
   * Fewer, but none against them and from both roots: whoever answers for one root along all offsets, be it as the first hop
   * there or as a neighbourhood that a put did not reach, does not do so for the other.
   */
  get #isUnanimous(): boolean {
    const fewer = Math.max(LEAST_AGREEING, UNANIMOUS_SHARE * this.#agreeing)
    const asked = this.#withBest().filter(({ rootIndex }) => rootIndex >= 0)
    const roots = new Set(asked.map(({ rootIndex }) => rootIndex))
    return this.#agreement >= fewer && roots.size === ROOT_COUNT && this.behind().length === 0
  }

  get #agreement(): number {
    return new Set(this.#withBest().map(({ responder }) => responder)).size
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
