// The one owner of a session's time. Events are told to it as verbs; it keeps two timers: one for the earliest duty of what is
// under way, one for idleness. Each is moved only when a duty comes earlier: a duty that moves later (nearly all do, with every
// packet) costs nothing but one early wake-up. Where nothing is under way any more the first is cancelled: on a quiet link each
// packet would otherwise wake the computer a second time, for nothing, and waking it costs more than the packet.

import { type Clock, type Timer } from '../ports/clock.ts'
import { MAX_ACK_DELAY_MS } from './round-trip.ts'

/**
 * 'ack': one has waited as long as it may. 'loss': packets overtaken by an ack are late enough to be called lost. 'probe': nothing was
 * heard of what was sent for a probe timeout. 'pace': the pacer lets packets go again. 'path': a new address of the peer is to be
 * challenged again, or given up, or a drain has come to its bound. 'keep alive': the link has been idle for that interval. 'idle': nobody
 * has kept it alive.
 */
export type Duty = 'ack' | 'loss' | 'probe' | 'pace' | 'path' | 'keep alive' | 'idle'

export interface DutyHolder {
  due(duty: Duty): void
}

/** How long a path may be idle before a sign of life, in milliseconds. They may change; what is idle follows at its next packet. */
export interface KeepAlive {
  readonly keepAliveMs: number
  readonly untranslatedKeepAliveMs: number
}

/** Chosen: the side that answered keeps alive this much later, so that the two never ping one after another. */
const ANSWERER_KEEP_ALIVE_FACTOR = 1.2
/** The same where the interval is nine tenths of what a translator was seen to remember (reach/gap-search.ts). */
const TRANSLATED_ANSWERER_FACTOR = 1.05
/**
 * Chosen: bulk that stops for so long without a word has ended, or the way back to us is gone (a NAT that forgot it), and
 * only we can open it again. So the sign of life comes early, once.
 */
const BULK_PAUSE_MS = 500
/**
 * Part of the protocol (RFC 9000 §10.1 negotiates it; all of us run the same code): twice the longest keep-alive interval, and time for
 * its probes. So a peer that keeps alive is never taken for one that does not.
 */
export const IDLE_TIMEOUT_MS = 260_000
/** Sums of fractions of milliseconds may fall short of a deadline by a rounding error; that is not early. */
const ROUNDING_MS = 0.01

export class SessionTimers {
  readonly #clock: Clock
  readonly #holder: DutyHolder
  readonly #intervals: KeepAlive
  readonly #isInitiator: boolean
  #isTranslated = true
  #ackMs = Infinity
  #lossMs = Infinity
  #probeMs = Infinity
  #paceMs = Infinity
  #pathMs = Infinity
  #activeMs: number
  #isInBulk = false
  #isWanted = true
  #dutyTimer: Timer | undefined
  #dutyTimerMs = Infinity
  #idleTimer: Timer | undefined
  #idleTimerMs = Infinity
  #isStopped = false

  constructor(clock: Clock, holder: DutyHolder, intervals: KeepAlive, isInitiator: boolean) {
    this.#clock = clock
    this.#holder = holder
    this.#intervals = intervals
    this.#isInitiator = isInitiator
    this.#activeMs = clock.nowMs()
  }

  /** Something was sent or heard: the path is in use, and a keep-alive is not needed for another interval. */
  active(nowMs: number): void {
    this.#activeMs = nowMs
  }

  /** A full packet was heard: more is to be expected, or a word that it was all. */
  bulkHeard(): void {
    this.#isInBulk = true
  }

  /** Whether a translator between us forgets this path when it is idle: not where the peer sees us at our own address. */
  pathIsTranslated(isTranslated: boolean): void {
    this.#isTranslated = isTranslated
    this.#armIdle()
  }

  /** Whether we keep the link alive; where neither side does, it ends when it has been idle for long enough. */
  keepAlive(isWanted: boolean): void {
    this.#isWanted = isWanted
    this.#armIdle()
  }

  /** Packets were sent or acks received: these are the duties from now on; Infinity for none. */
  reschedule(ackMs: number, lossMs: number, probeMs: number, paceMs: number, pathMs: number): void {
    this.#ackMs = ackMs
    this.#lossMs = lossMs
    this.#probeMs = probeMs
    this.#paceMs = paceMs
    this.#pathMs = pathMs
    this.#armDuty()
    this.#armIdle()
  }

  stop(): void {
    this.#isStopped = true
    this.#dutyTimer?.cancel()
    this.#idleTimer?.cancel()
    this.#dutyTimer = this.#idleTimer = undefined
  }

  get #keepAliveMs(): number {
    const { keepAliveMs, untranslatedKeepAliveMs } = this.#intervals
    if (this.#isInitiator) return this.#isTranslated ? keepAliveMs : untranslatedKeepAliveMs
    // What a translator is known to remember has little room above it.
    return this.#isTranslated
      ? TRANSLATED_ANSWERER_FACTOR * keepAliveMs
      : ANSWERER_KEEP_ALIVE_FACTOR * untranslatedKeepAliveMs
  }

  get #idleAtMs(): number {
    if (this.#isInBulk) return this.#activeMs + BULK_PAUSE_MS
    return this.#activeMs + (this.#isWanted ? this.#keepAliveMs : IDLE_TIMEOUT_MS)
  }

  #armDuty(): void {
    if (this.#isStopped) return
    const otherMs = Math.min(this.#probeMs, this.#paceMs, this.#pathMs)
    const nextMs = Math.min(this.#ackMs, this.#lossMs, otherMs)
    if (this.#dutyTimer && this.#dutyTimerMs <= nextMs && !this.#isInVain(nextMs)) return
    this.#dutyTimer?.cancel()
    this.#dutyTimer = undefined
    if (nextMs === Infinity) return
    this.#dutyTimerMs = nextMs
    this.#dutyTimer = this.#clock.after(this.#until(nextMs), () => this.#fire())
  }

  /** What fires soon is left alone: in a row of packets it is needed again at once. */
  #isInVain(nextMs: number): boolean {
    return nextMs === Infinity && this.#dutyTimerMs - this.#clock.nowMs() > MAX_ACK_DELAY_MS
  }

  #armIdle(): void {
    if (this.#isStopped) return
    const nextMs = this.#idleAtMs
    if (this.#idleTimer && this.#idleTimerMs <= nextMs) return
    this.#idleTimer?.cancel()
    this.#idleTimerMs = nextMs
    this.#idleTimer = this.#clock.after(this.#until(nextMs), () => this.#fireIdle())
  }

  #until(atMs: number): number {
    return Math.max(0, atMs - this.#clock.nowMs())
  }

  /** One duty at a time: fulfilling it changes the others. */
  #fire(): void {
    this.#dutyTimer = undefined
    const nowMs = this.#clock.nowMs() + ROUNDING_MS
    if (this.#ackMs <= nowMs) this.#holder.due('ack')
    else if (this.#lossMs <= nowMs) this.#holder.due('loss')
    else if (this.#probeMs <= nowMs) this.#holder.due('probe')
    else if (this.#paceMs <= nowMs) this.#holder.due('pace')
    else if (this.#pathMs <= nowMs) this.#holder.due('path')
    this.#armDuty()
  }

  #fireIdle(): void {
    this.#idleTimer = undefined
    if (this.#idleAtMs <= this.#clock.nowMs() + ROUNDING_MS) this.#idle()
    this.#armIdle()
  }

  #idle(): void {
    const isSignDue = this.#isInBulk || this.#isWanted
    this.#isInBulk = false
    this.#holder.due(isSignDue ? 'keep alive' : 'idle')
  }
}
