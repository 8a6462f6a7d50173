// Notices that a busy mesh has fallen silent: either nobody speaks any more, or this member is cut off. The link to a parent that
// died carries nothing towards it, so nobody would find out before the next sign of life; and a member with few neighbours
// seldom hears an announcement. Where messages are rare, silence says nothing, and that has to do.

import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Arrivals } from './arrivals.ts'

/** Messages over which their distance is averaged: with so few more the mesh does not count as busy. */
const AVERAGED = 16
/** Of messages that come by chance one in four hundred keeps its successor waiting for so many mean distances. */
const DISTANCES = 6
/** Chosen: longer than what a graft takes to bring what has only been late. */
const LEAST_MS = 2000
/** A mesh in which so long a silence is none is not busy. */
const MOST_MS = 8000
/** The second after twice the time. */
const ASKED = 2

export class SilenceWatch {
  readonly #around: Surroundings
  readonly #arrivals: Arrivals
  readonly #onSilence: () => void
  #timer: Timer | undefined
  #lastMs = -Infinity
  #asked = 0

  constructor(around: Surroundings, arrivals: Arrivals, onSilence: () => void) {
    this.#around = around
    this.#arrivals = arrivals
    this.#onSilence = onSilence
  }

  /** Another member's message has come for the first time. */
  heard(): void {
    this.#lastMs = this.#around.clock.nowMs()
    this.#asked = 0
    if (!this.#timer) this.#watch()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #watch(): void {
    const silenceMs = this.#silenceMs() * 2 ** this.#asked
    if (silenceMs > MOST_MS || this.#asked === ASKED) return
    const leftMs = this.#lastMs + silenceMs - this.#around.clock.nowMs()
    if (leftMs > 0) return this.#lookIn(leftMs)
    this.#asked++
    this.#onSilence()
    this.#watch()
  }

  #lookIn(ms: number): void {
    this.#timer = this.#around.timers.after(ms, () => {
      this.#timer = undefined
      this.#watch()
    })
  }

  /** Infinity where few have come. */
  #silenceMs(): number {
    const spanMs = this.#arrivals.timeMs(0) - this.#arrivals.timeMs(AVERAGED)
    return Math.max(LEAST_MS, (DISTANCES * spanMs) / AVERAGED)
  }
}
