// A close that waits: no new work is taken, what was written goes on being sent, and sent again, until the peer has acknowledged
// all of it. A peer that reads no more, or has died, must not hold it up for ever, so it has a bound of its own, which each
// progress puts off, and the caller's, which nothing does.
//
//   draining --all acknowledged--> closed
//            --no progress for ten probe timeouts, or the caller's bound--> closed, with something lost

import { type Closing } from './session-end.ts'
import { type SendAccount } from './send-account.ts'

/**
 * Chosen: where 30 % is lost each way, half of all probes bring an answer; so one path in a thousand is given up too early. A peer from
 * which nothing at all comes is given up by silence.ts.
 */
const PATIENCE_TIMEOUTS = 10
/** Chosen: probes back off to 400 ms, so on a short path too a few of them go. */
const LEAST_PATIENCE_MS = 1_000
/** Chosen: whoever sets no bound is content with that of a packet under way (silence.ts). */
export const DRAIN_MS = 30_000

export class Drain {
  readonly closing: Closing
  /** Told once, when the session ends: whether all has arrived. */
  readonly done: Promise<boolean>
  #untilMs = Infinity
  #resolve!: (isDelivered: boolean) => void
  #queuedBytes = Infinity
  #patientUntilMs = 0

  constructor(closing: Closing) {
    this.closing = closing
    this.done = new Promise((resolve) => (this.#resolve = resolve))
  }

  /** Of several who drain, whoever has least time. */
  hasten(untilMs: number): void {
    this.#untilMs = Math.min(this.#untilMs, untilMs)
  }

  /** When to look again, though nothing has happened. */
  get dueMs(): number {
    return Math.min(this.#untilMs, this.#patientUntilMs)
  }

  /** Whether to close now. To be asked whenever something has happened. */
  isOver(account: SendAccount, probeTimeoutMs: number, nowMs: number): boolean {
    if (account.isSettled) return true
    if (account.queuedBytes < this.#queuedBytes) {
      this.#queuedBytes = account.queuedBytes
      this.#patientUntilMs = nowMs + Math.max(PATIENCE_TIMEOUTS * probeTimeoutMs, LEAST_PATIENCE_MS)
    }
    return nowMs >= this.dueMs
  }

  ended(isDelivered: boolean): void {
    this.#resolve(isDelivered)
  }
}
