// A read asks both roots at once. Where neither has given a record within half as much again as answers usually take here, or what
// came is not enough, it asks along other route offsets too: those copies take other ways and end at the roots' ring neighbours,
// which keep the record as well (DESIGN §4). So a dead root or hop delays a read by little, and who owns one of the places cannot
// hide a record. A root that turned out to have less than the best is sent the best (read repair).
//
// A signed record may be an old version that somebody on the way shows for the newest. So the first of them has the read ask along
// the other offsets at once, to hear the same along nearly all of them: the caller may use it meanwhile (`onNewer`), but it is the
// answer only then. What is late was likelier swallowed than slow, so of that more may be missing (docs/decisions.md 79), but where
// ways contradict each other nobody is believed before those that are missing were tried over other first hops (86).

import { type Id } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { type Timer } from '../ports/clock.ts'
import { type DhtRecord } from '../api.ts'
import { decodeGetReply, encodeGet, ROOT_COUNT } from '../wire/dht-messages.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { REPLICAS_PER_ROOT } from './placement.ts'
import { rootKeys } from './replica-store.ts'
import { type ReadRedundancy } from './redundancy.ts'
import { Search } from './search.ts'

const GET_TIMEOUT_MS = 8000
/** In a network of two or three. */
const LEAST_AGREEING = 2
/** Before anything is known of how long an answer takes here. */
const USUAL_READ_MS = 700
const LEAST_HEDGE_MS = 150
const MOST_HEDGE_MS = 4000
/** "Defer the second request until the first has been outstanding for longer than usual" (Dean and Barroso 2013). */
const HEDGE_AFTER = 1.5
/** As TCP smooths its round trips (RFC 6298). */
const SMOOTHING = 1 / 8
const LEAST_RETRY_MS = 1000
const MOST_RETRY_MS = GET_TIMEOUT_MS / 2

export interface ReadParts {
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

interface Way {
  rootKey: Id
  rootIndex: number
  offset: number
  retryAfterMs: number
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
    redundancy: ReadRedundancy,
    onNewer?: (record: DhtRecord) => void,
  ): Promise<DhtRecord | undefined> {
    const search = new Search(onNewer)
    const record = await this.#parts.readOwn(key)
    // This node may be none of those responsible: it is a witness, not a place to be repaired.
    if (record) search.answered({ rootIndex: -1, record })
    if (record?.kind === 'immutable') return record
    await new Promise<void>((resolve) => this.#ask(key, redundancy, search, resolve))
    if (!search.best && search.answers === 0 && search.failure) throw search.failure
    return search.best
  }

  #ask(key: Id, redundancy: ReadRedundancy, search: Search, done: () => void): void {
    const { timers } = this.#around
    const { confirming, mayBeMissing, undisputedWithinMs, settledWithinMs, convincing } = redundancy
    const retryAfterMs = this.#retryAfterMs(redundancy)
    // Further offsets of a small ring end where others do.
    const offsets = redundancy.readOffsets.slice(0, Math.max(1, this.#parts.neighbours()))
    // In a small network everybody keeps everything, and asking all is what a contact that is away would cost each time.
    const isSmall = this.#parts.neighbours() < ROOT_COUNT * REPLICAS_PER_ROOT
    const voicesNeeded = isSmall && this.#parts.isHolder(key) ? 1 : convincing
    let [asked, outstanding, missing] = [0, 0, mayBeMissing[0].ways]
    let [isDone, isConfirming] = [false, false]
    const pending: Timer[] = []
    const isSettled = (): boolean => {
      const ways = ROOT_COUNT * Math.min(Math.max(asked, confirming), offsets.length)
      return search.isSettled(Math.max(LEAST_AGREEING, ways - missing))
    }
    const finish = (): void => {
      isDone = true
      for (const timer of pending) timer.cancel()
      done()
    }
    const look = (): void => {
      if (isDone) return outstanding === 0 ? this.#repair(search) : undefined
      const isExhausted =
        outstanding === 0 && (asked === offsets.length || (asked >= voicesNeeded && isInVain(search)))
      if (isSettled() || isExhausted) {
        finish()
        if (outstanding === 0) this.#repair(search)
      } else if (outstanding === 0) askNext()
    }
    const askNext = (): void => {
      if (isDone || asked === offsets.length) return
      const offset = offsets[asked++]!
      for (const [rootIndex, rootKey] of rootKeys(this.#around, key).entries()) {
        outstanding++
        const way = { rootKey, rootIndex, offset, retryAfterMs }
        void this.#askAt(key, way, search).then((isFound) => {
          outstanding--
          if (isFound && !isSettled()) confirm()
          look()
        })
      }
      const hedgeMs = Math.min(Math.max(HEDGE_AFTER * this.#usualMs, LEAST_HEDGE_MS), MOST_HEDGE_MS)
      pending.push(timers.after(hedgeMs, () => search.best ?? askNext()))
    }
    const confirm = (): void => {
      if (isConfirming || isDone) return
      isConfirming = true
      while (asked < Math.min(confirming, offsets.length)) askNext()
      for (const { ways, afterMs } of mayBeMissing.slice(1))
        pending.push(
          timers.after(afterMs, () => {
            missing = ways
            look()
          }),
        )
      pending.push(timers.after(undisputedWithinMs, () => search.isDisputed || finish()))
      pending.push(timers.after(settledWithinMs, finish))
    }
    askNext()
  }

  #retryAfterMs({ retryAfterUsual }: ReadRedundancy): number {
    return Math.min(Math.max(retryAfterUsual * this.#usualMs, LEAST_RETRY_MS), MOST_RETRY_MS)
  }

  /** True where a valid record came. */
  async #askAt(key: Id, way: Way, search: Search): Promise<boolean> {
    const { clock } = this.#around
    const { rootKey, rootIndex, offset, retryAfterMs } = way
    const startedMs = clock.nowMs()
    try {
      const options = { timeoutMs: GET_TIMEOUT_MS, offset, retryAfterMs }
      const reply = await this.#parts.routes.request(rootKey, APPLICATION.get, encodeGet(key), options)
      const tookMs = clock.nowMs() - startedMs
      // What comes later than that answers the second attempt (Karn and Partridge 1987 could not tell which).
      const travelledMs = tookMs > retryAfterMs ? tookMs - retryAfterMs : tookMs
      this.#usualMs += SMOOTHING * (travelledMs - this.#usualMs)
      const record = this.#parts.valid(key, decodeGetReply(reply.payload))
      search.answered({ rootIndex, record })
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
