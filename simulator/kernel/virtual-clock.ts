import { type Clock, type Timer } from '../../main/overlay/ports/clock.ts'
import { type EventQueue, PlannedAction } from './event-queue.ts'

/** 2026-01-01T00:00:00Z: where the wall clock of every simulation starts. */
const EPOCH_MS = 1_767_225_600_000

export class VirtualClock implements Clock {
  readonly #queue: EventQueue

  constructor(queue: EventQueue) {
    this.#queue = queue
  }

  nowMs(): number {
    return this.#queue.nowMs
  }

  wallMs(): number {
    return EPOCH_MS + this.#queue.nowMs
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = new PlannedAction(action)
    this.#queue.plan(this.#queue.nowMs + Math.max(0, delayMs), timer)
    return timer
  }
}
