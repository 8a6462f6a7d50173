import { type Clock, type Timer } from '../ports/clock.ts'

/** All timers of one owner, so that stopping leaves none behind. They stand in a list of their own: most are cancelled. */
export class TimerGroup {
  readonly #clock: Clock
  readonly #list = new GroupTimer(undefined, () => undefined)
  #pending = 0
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pending(): number {
    return this.#pending
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = new GroupTimer(this, action)
    if (this.#isStopped) return timer
    timer.standBefore(this.#list)
    this.#pending++
    // Bound, not closed over: a node has a dozen timers at any time, and a simulation a hundred thousand nodes.
    timer.inner = this.#clock.after(delayMs, timer.fire.bind(timer))
    return timer
  }

  /** Again and again; the delay is asked anew each time, so that it can be jittered. */
  every(delayMs: () => number, action: () => void): void {
    new Repetition(this, delayMs, action).again()
  }

  stop(): void {
    this.#isStopped = true
    while (this.#list.next !== this.#list) this.#list.next.cancel()
  }

  /** Called by a timer of this group that has left it. */
  left(): void {
    this.#pending--
  }
}

class Repetition {
  readonly #timers: TimerGroup
  readonly #delayMs: () => number
  readonly #action: () => void
  readonly #fire: () => void

  constructor(timers: TimerGroup, delayMs: () => number, action: () => void) {
    this.#timers = timers
    this.#delayMs = delayMs
    this.#action = action
    this.#fire = this.fire.bind(this)
  }

  again(): void {
    this.#timers.after(this.#delayMs(), this.#fire)
  }

  fire(): void {
    this.again()
    this.#action()
  }
}

class GroupTimer implements Timer {
  previous: GroupTimer = this
  next: GroupTimer = this
  inner: Timer | undefined
  readonly #group: TimerGroup | undefined
  readonly #action: () => void

  constructor(group: TimerGroup | undefined, action: () => void) {
    this.#group = group
    this.#action = action
  }

  standBefore(other: GroupTimer): void {
    this.next = other
    this.previous = other.previous
    this.previous.next = this
    other.previous = this
  }

  fire(): void {
    this.#leave()
    this.#action()
  }

  /** After it has fired, or a second time, it does nothing. */
  cancel(): void {
    if (!this.inner) return
    this.inner.cancel()
    this.#leave()
  }

  #leave(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.previous = this.next = this
    this.inner = undefined
    this.#group?.left()
  }
}
