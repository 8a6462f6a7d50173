import { type TimerGroup } from './timer-group.ts'

/** What comes of the promise within so many milliseconds; undefined where that is nothing yet. Errors: the promise's own. */
export function inTime<T>(timers: TimerGroup, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(ms, () => resolve(undefined))
    promise.finally(() => timer.cancel()).then(resolve, reject)
  })
}

/** Ends with the timers' owner: one that is stopped meanwhile never goes on. */
export function pause(timers: TimerGroup, ms: number): Promise<void> {
  return new Promise((resolve) => void timers.after(ms, resolve))
}
