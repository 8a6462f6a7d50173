// How long the peer has owed us an answer, and when that is long enough to give it up: a peer that says nothing, and one that
// speaks but acknowledges nothing of what we send, for whatever reason. The second bounds how many packets we keep for a peer.

/** Chosen: a peer is given up only after so many probes in a row, so that a laptop that slept asks first. */
const MIN_UNANSWERED_PROBES = 3
const DOUBTFUL_PROBES = 2
/**
 * Chosen: ten times the ordinary patience. A packet lost is known for lost as soon as a later one is acknowledged; so no packet stays
 * under way for so long where both directions carry anything at all, even 30 % loss of both.
 */
const MAX_UNDER_WAY_MS = 30_000

export class Silence {
  readonly #silenceMs: number
  #probes = 0
  #overdueProbes = 0 // in a row
  #sinceMs: number | undefined
  /** When the peer was heard last; -Infinity before the first time. */
  heardAtMs = -Infinity

  /** `silenceMs` is what a peer may owe an answer for, on a path of ordinary length. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs
  }

  /** Something was sent that asks for an answer. */
  asked(nowMs: number): void {
    this.#sinceMs ??= nowMs
  }

  /** The peer lives; `isWaiting` says whether it owes another answer. */
  heard(isWaiting: boolean, nowMs: number): void {
    this.#probes = 0
    this.heardAtMs = nowMs
    this.#sinceMs = isWaiting ? nowMs : undefined
  }

  /** Two probes in a row: one may have been lost. */
  get isDoubtful(): boolean {
    return this.#probes >= DOUBTFUL_PROBES
  }

  /** Another path, or a peer asked after a sleep, gets the time that any gets. */
  restart(nowMs: number): void {
    this.#probes = 0
    if (this.#sinceMs !== undefined) this.#sinceMs = nowMs
  }

  /**
   * Another probe timeout has passed, with packets under way since `oldestSentMs`. Returns whether the peer is to be given up instead
   * of probed.
   */
  isTooLong(nowMs: number, probeTimeoutMs: number, oldestSentMs: number): boolean {
    if (nowMs - oldestSentMs < MAX_UNDER_WAY_MS) this.#overdueProbes = 0
    else if (++this.#overdueProbes > MIN_UNANSWERED_PROBES) return true
    // A path whose round trip is itself seconds long gets the time for three of them.
    const patienceMs = Math.max(this.#silenceMs, MIN_UNANSWERED_PROBES * probeTimeoutMs)
    if (nowMs - (this.#sinceMs ?? nowMs) >= patienceMs && this.#probes >= MIN_UNANSWERED_PROBES) return true
    this.#probes++
    return false
  }
}
