import { type Clock, type Timer } from '../../../main/overlay/ports/clock.ts'

/** A clock that a test sets by hand; its timers never fire. */
export class HandClock implements Clock {
  ms = 0
  /** What the wall clock shows at zero: 2026-01-01T00:00:00Z. */
  epochMs = 1_767_225_600_000

  nowMs(): number {
    return this.ms
  }

  wallMs(): number {
    return this.epochMs + this.ms
  }

  after(): Timer {
    return { cancel: () => undefined }
  }
}
