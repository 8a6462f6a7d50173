// Who uses how much of a relay: circuits and reservations, in all, per node and per address range, and the rate. It says no
// with a reason, and remembers how often it said which.

import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Clock } from '../ports/clock.ts'
import { type RelayLimits } from '../ports/relays.ts'
import { type RelayReason } from '../wire/relay-messages.ts'
import {
  ASKS,
  BURST_SECONDS,
  CIRCUIT_RATE_SHARE,
  MAX_RESERVATIONS,
  PEER_SHARE,
  RANGE_SHARE,
  RESERVATIONS_PER_RANGE,
  SIGNALS,
  shareOf,
} from './relay-limits.ts'

/** Whoever asks, as quotas see him. */
export interface Holder {
  readonly id: NodeId
  /** Undefined for this computer itself, which is not counted by range. */
  readonly range: string | undefined
}

/** How many of something each key has; those with none are not kept. */
class Tally {
  readonly #counts = new Map<string, number>()

  of(key: string | undefined): number {
    return key === undefined ? 0 : (this.#counts.get(key) ?? 0)
  }

  add(key: string | undefined, amount: 1 | -1): void {
    if (key === undefined) return
    const count = this.of(key) + amount
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

export class RelayLedger {
  readonly refused: Partial<Record<RelayReason, number>> = {}
  readonly #clock: Clock
  readonly #asks: PeerBudgets
  readonly #signals: PeerBudgets
  readonly #circuitsOf = new Tally() // by node, and by range
  readonly #reservationsOf = new Tally()
  #limits: RelayLimits
  #rate: TokenBucket
  #circuits = 0
  #reservations = 0

  constructor(clock: Clock, limits: RelayLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#rate = this.#bucket(1)
    this.#asks = new PeerBudgets(clock, ASKS.burst, ASKS.perSecond)
    this.#signals = new PeerBudgets(clock, SIGNALS.burst, SIGNALS.perSecond)
  }

  get limits(): RelayLimits {
    return this.#limits
  }

  get circuits(): number {
    return this.#circuits
  }

  get reservations(): number {
    return this.#reservations
  }

  /** What was opened before stays; the rate holds from now on. */
  setLimits(limits: RelayLimits): void {
    this.#limits = limits
    this.#rate = this.#bucket(1)
  }

  /** Counts a refusal, and returns it for the answer. */
  refuse(reason: RelayReason): RelayReason {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1
    return reason
  }

  /** Each ask is charged to the node and to its range. */
  mayAsk(holder: Holder): boolean {
    return admitsBoth(this.#asks, holder)
  }

  maySignal(holder: Holder): boolean {
    return admitsBoth(this.#signals, holder)
  }

  reservationRefusal({ range }: Holder): RelayReason | undefined {
    if (this.#reservations >= MAX_RESERVATIONS) return 'circuits-full'
    return this.#reservationsOf.of(range) >= RESERVATIONS_PER_RANGE ? 'range-limit' : undefined
  }

  /** Of a circuit between the two. */
  circuitRefusal(ends: readonly [Holder, Holder]): RelayReason | undefined {
    const perPeer = shareOf(this.#limits, PEER_SHARE)
    if (ends.some(({ id }) => this.#circuitsOf.of(id) >= perPeer)) return 'peer-limit'
    const perRange = shareOf(this.#limits, RANGE_SHARE)
    if (ends.some(({ range }) => this.#circuitsOf.of(range) >= perRange)) return 'range-limit'
    return this.#circuits >= this.#limits.circuits ? 'circuits-full' : undefined
  }

  circuitOpened(ends: readonly Holder[]): void {
    this.#circuits++
    for (const holder of ends) this.#count(this.#circuitsOf, holder, 1)
  }

  circuitClosed(ends: readonly Holder[]): void {
    this.#circuits--
    for (const holder of ends) this.#count(this.#circuitsOf, holder, -1)
  }

  reserved({ range }: Holder): void {
    this.#reservations++
    this.#reservationsOf.add(range, 1)
  }

  unreserved({ range }: Holder): void {
    this.#reservations--
    this.#reservationsOf.add(range, -1)
  }

  /** What one circuit may carry by itself. */
  circuitBucket(): TokenBucket {
    return this.#bucket(CIRCUIT_RATE_SHARE)
  }

  /** Takes from what all circuits may carry together. */
  takeRate(bytes: number, nowMs: number): boolean {
    return this.#rate.take(bytes, nowMs)
  }

  #bucket(share: number): TokenBucket {
    const perSecond = this.#limits.bytesPerSecond * share
    return new TokenBucket(BURST_SECONDS * perSecond, perSecond, this.#clock.nowMs())
  }

  #count(tally: Tally, { id, range }: Holder, amount: 1 | -1): void {
    tally.add(id, amount)
    tally.add(range, amount)
  }
}

/** The node is charged also where its range has nothing left: whoever goes on asking gains nothing by it. */
function admitsBoth(budgets: PeerBudgets, { id, range }: Holder): boolean {
  const isWithinOwn = budgets.admits(id)
  return (range === undefined || budgets.admits(`range ${range}`)) && isWithinOwn
}
