// Tells whether any promise was made or settled, or a microtask queued (the transport's sessions flush in one), so that
// virtual time lets them run when there may be some, and loses no time when there are none (of a network's events nine in
// ten touch neither). The alternative, a fixed number of turns after every event, cost half of a simulation's time and was
// wrong for chains longer than that number.

import { promiseHooks } from 'node:v8'

/** The language's own; what we queue to wait with must not count as activity. */
export const queueUncounted = globalThis.queueMicrotask

let touched = 0
let watchers = 0
let stopHooks: (() => void) | undefined

function touch(): void {
  touched++
}

/** Until the returned function is called, `promiseActivity` moves with every promise of this process. */
export function watchPromises(): () => void {
  if (watchers++ === 0) start()
  return () => {
    if (--watchers === 0) stop()
  }
}

/** Promise hooks do not see queueMicrotask, so while anybody watches it is one that counts. */
function start(): void {
  stopHooks = promiseHooks.createHook({ init: touch, settled: touch }) as () => void
  globalThis.queueMicrotask = (action) => {
    touch()
    queueUncounted(action)
  }
}

function stop(): void {
  stopHooks?.()
  globalThis.queueMicrotask = queueUncounted
}

/** Grows when promises are made or settled; two equal readings mean that no continuation can be waiting. */
export function promiseActivity(): number {
  return touched
}
