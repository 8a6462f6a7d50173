// Envelopes that overtook the one before them. They wait in memory, unacknowledged, for a moment: if this program ends,
// they come again; if the one before never comes (its sender has lost it), they are taken as they are.

import { type Clock, type Timer } from '../../overlay/ports/clock.ts'

/** Past the sender's own retry, which brings what was lost. */
const HOLD_MS = 60_000
const MAX_HELD = 256

export class TooEarly extends Error {
  /** Message id in hex. */
  readonly after: string

  constructor(after: string) {
    super('another message comes first')
    this.after = after
  }
}

interface Held<T> {
  envelope: string
  after: string
  frame: T
  timer: Timer
}

export class EarlyFrames<T> {
  readonly #clock: Clock
  readonly #take: (frame: T) => void
  readonly #held = new Map<string, Held<T>>()
  /** Waited in vain: these are taken whatever is missing. */
  readonly #late = new Set<string>()

  constructor(clock: Clock, take: (frame: T) => void) {
    this.#clock = clock
    this.#take = take
  }

  mayHold(envelope: string): boolean {
    return !this.#late.has(envelope) && (this.#held.has(envelope) || this.#held.size < MAX_HELD)
  }

  hold(envelope: string, after: string, frame: T): void {
    if (this.#held.has(envelope)) return
    const timer = this.#clock.after(HOLD_MS, () => {
      this.#late.add(envelope)
      this.#pass(envelope)
    })
    this.#held.set(envelope, { envelope, after, frame, timer })
  }

  /** The message has arrived: what waited for it follows. */
  release(messageId: string): void {
    for (const held of [...this.#held.values()]) if (held.after === messageId) this.#pass(held.envelope)
    if (this.#held.size === 0) this.#late.clear()
  }

  stop(): void {
    for (const { timer } of this.#held.values()) timer.cancel()
    this.#held.clear()
  }

  #pass(envelope: string): void {
    const held = this.#held.get(envelope)
    if (!held) return
    held.timer.cancel()
    this.#held.delete(envelope)
    this.#take(held.frame)
  }
}
