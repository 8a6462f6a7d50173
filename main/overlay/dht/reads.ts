// A read asks both roots at once. Where neither has given a record within half as much again as answers usually take here, or what
// came is not enough, it asks along other route offsets too: those copies take other ways and end at the roots' ring neighbours,
// which keep the record as well (DESIGN §4). So a dead root or hop delays a read by little, and who owns one of the places cannot
// hide a record. A root that turned out to have less than the best is sent the best (read repair).
//
// A signed record may be an old version that somebody on the way shows for the newest. So the first of them has the read ask along
// the other offsets at once, to hear it from six, or from half of them at both roots while nobody is against it: the caller may
// use it meanwhile (`onNewer`), but it is the answer only then, or when the time for that is up (docs/decisions.md 76).

import { type Id } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { type Timer } from '../ports/clock.ts'
import { type DhtRecord } from '../api.ts'
import { decodeGetReply, encodeGet } from '../wire/dht-messages.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type NodeId } from '../base/id.ts'
import { rootKeys } from './replica-store.ts'
import { type Redundancy } from './redundancy.ts'
import { LEAST_AGREEING, Search } from './search.ts'

const GET_TIMEOUT_MS = 8000
/** The other answers are usually this close behind the first; where they are not, or not enough, the next offset is asked. */
const GRACE_MS = 200
/** Before anything is known of how long an answer takes here. */
const USUAL_READ_MS = 700
const LEAST_HEDGE_MS = 150
const MOST_HEDGE_MS = 4000
/** "Defer the second request until the first has been outstanding for longer than usual" (Dean and Barroso 2013). */
const HEDGE_AFTER = 1.5
/** As TCP smooths its round trips (RFC 6298). */
const SMOOTHING = 1 / 8

export interface ReadParts {
  self: NodeId
  routes: Routes
  readOwn(key: Id): Promise<DhtRecord | undefined>
  /** This node is one of those that are to keep it. */
  isHolder(key: Id): boolean
  /** How many other nodes there are to agree, as far as the leaf set shows. */
  neighbours(): number
  /** The record, where it belongs to the key and holds. */
  valid(key: Id, record: DhtRecord | undefined): DhtRecord | undefined
  repair(rootIndex: number, best: DhtRecord): void
}

export class Reads {
  readonly #around: Surroundings
  readonly #parts: ReadParts
  #usualMs = USUAL_READ_MS

  constructor(around: Surroundings, parts: ReadParts) {
    this.#around = around
    this.#parts = parts
  }

  /**
   * `onNewer` hears of each answer that is newer than those before it, as it comes. Rejects only where nobody answered at
   * all: unreachable, timeout.
   */
  async read(
    key: Id,
    redundancy: Redundancy,
    onNewer?: (record: DhtRecord) => void,
  ): Promise<DhtRecord | undefined> {
    const agreeing = Math.max(LEAST_AGREEING, Math.min(redundancy.agreeing, this.#parts.neighbours()))
    const search = new Search(onNewer, agreeing)
    const record = await this.#parts.readOwn(key)
    // This node may be none of those responsible: it is a witness, not a place to be repaired.
    if (record) search.answered({ rootIndex: -1, responder: this.#parts.self, record })
    if (record?.kind === 'immutable') return record
    await new Promise<void>((resolve) => this.#ask(key, redundancy, search, resolve))
    if (!search.best && search.answers === 0 && search.failure) throw search.failure
    return search.best
  }

  #ask(key: Id, redundancy: Redundancy, search: Search, done: () => void): void {
    const { timers } = this.#around
    const { readOffsets, confirming, confirmedWithinMs, convincing } = redundancy
    // Who would keep it needs one offset: in a small network everybody keeps everything, and asking all is what a contact that is
    // away would cost each time.
    const voicesNeeded = this.#parts.isHolder(key) ? 1 : convincing
    let [asked, outstanding] = [0, 0]
    let [isDone, isConfirming] = [false, false]
    const pending: Timer[] = []
    const finish = (): void => {
      isDone = true
      for (const timer of pending) timer.cancel()
      done()
    }
    const look = (): void => {
      if (isDone) return outstanding === 0 ? this.#repair(search) : undefined
      const isExhausted =
        outstanding === 0 && (asked === readOffsets.length || (asked >= voicesNeeded && isInVain(search)))
      if (search.isSettled || isExhausted) {
        finish()
        if (outstanding === 0) this.#repair(search)
      } else if (outstanding === 0) askNext()
    }
    const askNext = (): void => {
      if (isDone || asked === readOffsets.length) return
      const offset = readOffsets[asked++]!
      for (const [rootIndex, rootKey] of rootKeys(this.#around, key).entries()) {
        outstanding++
        void this.#askAt(key, rootKey, rootIndex, offset, search).then((isFound) => {
          outstanding--
          if (isFound && !search.isSettled) confirm()
          look()
        })
      }
      const hedgeMs = Math.min(Math.max(HEDGE_AFTER * this.#usualMs, LEAST_HEDGE_MS), MOST_HEDGE_MS)
      pending.push(timers.after(hedgeMs, () => search.best ?? askNext()))
    }
    const confirm = (): void => {
      if (isConfirming || isDone) return
      isConfirming = true
      while (asked < confirming) askNext()
      pending.push(timers.after(confirmedWithinMs, finish))
      if (confirming > 1) pending.push(timers.after(GRACE_MS, askFurther))
    }
    const askFurther = (): void => {
      askNext()
      if (asked < readOffsets.length) pending.push(timers.after(GRACE_MS, askFurther))
    }
    askNext()
  }

  /** True where a valid record came. */
  async #askAt(key: Id, rootKey: Id, rootIndex: number, offset: number, search: Search): Promise<boolean> {
    const { clock } = this.#around
    const startedMs = clock.nowMs()
    try {
      const options = { timeoutMs: GET_TIMEOUT_MS, offset }
      const reply = await this.#parts.routes.request(rootKey, APPLICATION.get, encodeGet(key), options)
      this.#usualMs += SMOOTHING * (clock.nowMs() - startedMs - this.#usualMs)
      const record = this.#parts.valid(key, decodeGetReply(reply.payload))
      search.answered({ rootIndex, responder: reply.responder, record })
      return record !== undefined
    } catch (error) {
      search.failed(error)
      return false
    }
  }

  #repair(search: Search): void {
    for (const rootIndex of search.behind()) this.#parts.repair(rootIndex, search.best!)
  }
}

/** Everybody asked so far has answered that there is none. */
function isInVain({ best, failures }: Search): boolean {
  return best === undefined && failures === 0
}
