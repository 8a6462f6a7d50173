// When to try for a link to a node that is reached well without one: by the map of links around here. Where links can be had
// (a few friends on the Internet) each success leads to the next try at once. Where there are none but those of cables or
// radios, every try is in vain and costs more than all the rest, so they become rare.
//
//   free --try--> trying --link--> free
//                   |
//                   '--in vain--> resting 2 min, 6 min ... 1 h --> free

/** Chosen: 8 kB in vain are 70 B/s for two minutes. */
const FIRST_REST_MS = 120_000
const REST_FACTOR = 3
const LONGEST_REST_MS = 3_600_000

export class Shortcuts {
  #isTrying = false
  #restMs = 0
  #freeMs = -Infinity

  mayTry(nowMs: number): boolean {
    return !this.#isTrying && nowMs >= this.#freeMs
  }

  began(): void {
    this.#isTrying = true
  }

  ended(isLinked: boolean, nowMs: number): void {
    this.#isTrying = false
    this.#restMs = isLinked
      ? 0
      : Math.min(Math.max(REST_FACTOR * this.#restMs, FIRST_REST_MS), LONGEST_REST_MS)
    this.#freeMs = nowMs + this.#restMs
  }
}
