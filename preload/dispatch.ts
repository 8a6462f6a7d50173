// Both doors of the bridge. `dispatch` guards the node: unknown calls and arguments of the wrong form never reach a
// handler. `createApi` guards the window: replies and events of the wrong form never reach a view.

import * as v from 'valibot'
import {
  type Api,
  type Bridge,
  type CallName,
  type EventName,
  type Handlers,
  type Reply,
  calls,
  events,
} from './contract.ts'

/** The one plain shape errors have across the bridge, as something to throw again on the other side. */
export class BridgeError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'BridgeError'
    this.code = code
  }
}

export type DescribeError = (error: unknown) => { code: string; message: string }

/** Never rejects: whatever goes wrong becomes a reply. */
export async function dispatch(
  handlers: Handlers,
  describe: DescribeError,
  callName: unknown,
  argument: unknown,
): Promise<Reply> {
  if (typeof callName !== 'string' || !Object.hasOwn(calls, callName))
    return { ok: false, error: { code: 'malformed', message: 'no such call' } }
  const name = callName as CallName
  const parsed = v.safeParse(calls[name][0], argument)
  if (!parsed.success)
    return { ok: false, error: { code: 'malformed', message: `${name}: ${v.summarize(parsed.issues)}` } }
  try {
    const handler = handlers[name] as (checked: unknown) => Promise<unknown>
    return { ok: true, value: await handler(parsed.output) }
  } catch (error) {
    return { ok: false, error: describe(error) }
  }
}

export function createApi(bridge: Bridge): Api {
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  bridge.listen((name, payload) => {
    if (!Object.hasOwn(events, name)) return
    const parsed = v.safeParse(events[name as EventName], payload)
    if (!parsed.success) return
    for (const listener of listeners.get(name as EventName) ?? []) listener(parsed.output as never)
  })
  return {
    async call(name, ...rest) {
      const reply = await bridge.call(name, rest[0])
      if (!reply.ok) throw new BridgeError(reply.error.code, reply.error.message)
      const parsed = v.safeParse(calls[name][1], reply.value)
      if (!parsed.success) throw new BridgeError('malformed', `${name}: a reply of an unexpected form`)
      return parsed.output as never
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as (payload: never) => void)
      return () => set.delete(listener as (payload: never) => void)
    },
  }
}
