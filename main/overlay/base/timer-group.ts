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
    this.arm(timer, delayMs)
    return timer
  }

  /** Again and again; the delay is asked anew each time, so that it can be jittered. */
  every(delayMs: () => number, action: () => void): void {
    new Repetition(this, delayMs, action).again()
  }

  arm(timer: GroupTimer, delayMs: number): void {
    if (this.#isStopped) return
    timer.standBefore(this.#list)
    this.#pending++
    timer.inner = this.#clock.after(delayMs, timer.fire)
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

class GroupTimer implements Timer {
  previous: GroupTimer = this
  next: GroupTimer = this
  inner: Timer | undefined = undefined
  /** Bound, not closed over, and once: a node has a dozen timers at any time, and a simulation a hundred thousand nodes. */
  readonly fire = this.#fire.bind(this)
  protected readonly group: TimerGroup | undefined
  protected readonly action: () => void

  constructor(group: TimerGroup | undefined, action: () => void) {
    this.group = group
    this.action = action
  }

  standBefore(other: GroupTimer): void {
    this.next = other
    this.previous = other.previous
    this.previous.next = this
    other.previous = this
  }

  #fire(): void {
    this.#leave()
    this.act()
  }

  protected act(): void {
    this.action()
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
    this.group?.left()
  }
}

class Repetition extends GroupTimer {
  readonly #delayMs: () => number

  constructor(group: TimerGroup, delayMs: () => number, action: () => void) {
    super(group, action)
    this.#delayMs = delayMs
  }

  again(): void {
    this.group?.arm(this, this.#delayMs())
  }

  protected override act(): void {
    this.again()
    this.action()
  }
}
