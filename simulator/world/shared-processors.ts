// Computers that are processes on one machine, as in the laboratory: whatever arrives waits for one of its processors, so all
// are slow while any of them are busy, and round trips are as long as they are then.

import { type WorldLink } from './world-link.ts'

/** As many as the laboratory's goals were set for. */
const PROCESSORS = 2
/** RFC 9002 §5.3. */
const WEIGHT = 1 / 8

export class SharedProcessors {
  readonly #messageMs: number
  readonly #freeMs = new Array<number>(PROCESSORS).fill(0)
  readonly #rttMs = new Map<WorldLink, number>()

  /** `messageMs`: what handling a message takes, with its acknowledgement and what is sent in turn. */
  constructor(messageMs: number) {
    this.#messageMs = messageMs
  }

  /** When what arrives now will have been handled. */
  doneMs(nowMs: number): number {
    const soonest = this.#freeMs.indexOf(Math.min(...this.#freeMs))
    return (this.#freeMs[soonest] = Math.max(nowMs, this.#freeMs[soonest]!) + this.#messageMs)
  }

  /** A link's message was acknowledged after so long. */
  measured(link: WorldLink, tookMs: number): void {
    const rttMs = this.#rttMs.get(link) ?? tookMs
    this.#rttMs.set(link, rttMs + WEIGHT * (tookMs - rttMs))
  }

  rttMs(link: WorldLink): number {
    return this.#rttMs.get(link) ?? 0
  }
}
