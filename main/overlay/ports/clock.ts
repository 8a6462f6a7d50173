// Time as the core sees it. The real clock is in host/, the virtual one in simulator/.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. For intervals and timeouts. */
  nowMs(): number
  /** Milliseconds of Unix time; may jump. For what people see and for expiry dates. */
  wallMs(): number
  /** Runs the action once, not before the delay has passed. */
  after(delayMs: number, action: () => void): Timer
}
