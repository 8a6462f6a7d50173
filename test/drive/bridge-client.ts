// A window without pixels: the bridge of a running node over its local web server, as a browser tab would have it.
// Tests and measurements drive real processes through it.

import { WebSocket } from 'ws'
import {
  type Api,
  type Bridge,
  type EventName,
  type EventPayload,
  type Reply,
} from '../../preload/contract.ts'
import { createApi } from '../../preload/dispatch.ts'

export class BridgeClient {
  readonly api: Api
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.api = createApi(bridgeOver(socket))
  }

  /** `url` as the node printed it, with its one-time token. */
  static async connect(url: string): Promise<BridgeClient> {
    const answer = await fetch(url)
    const cookie = answer.headers.get('set-cookie')?.split(';')[0]
    if (!cookie) throw new Error(`no session from ${url}: ${answer.status}`)
    const { host, origin } = new URL(url)
    const socket = new WebSocket(`ws://${host}/bridge`, { headers: { cookie, origin } })
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return new BridgeClient(socket)
  }

  /** The next event of that name that the condition holds for. */
  next<N extends EventName>(
    name: N,
    holds: (payload: EventPayload<N>) => boolean,
    timeoutMs = 20_000,
  ): Promise<EventPayload<N>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no such ${name} event in ${timeoutMs} ms`))),
        timeoutMs,
      )
      const stop = this.api.on(name, (payload) => {
        if (holds(payload)) finish(() => resolve(payload))
      })
      const finish = (then: () => void): void => {
        clearTimeout(timer)
        stop()
        then()
      }
    })
  }

  close(): void {
    this.#socket.terminate()
  }
}

function bridgeOver(socket: WebSocket): Bridge {
  const waiting = new Map<number, (reply: Reply) => void>()
  const listeners = new Set<(name: string, payload: unknown) => void>()
  let nextId = 1
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as
      { id: number; reply: Reply } | { event: string; payload: unknown }
    if ('id' in message) {
      waiting.get(message.id)?.(message.reply)
      waiting.delete(message.id)
    } else for (const listener of listeners) listener(message.event, message.payload)
  })
  socket.on('close', () => {
    for (const resolve of waiting.values())
      resolve({ ok: false, error: { code: 'closed', message: 'the node is gone' } })
    waiting.clear()
  })
  return {
    call: (name, argument) =>
      new Promise((resolve) => {
        waiting.set(nextId, resolve)
        socket.send(JSON.stringify({ id: nextId++, name, argument }))
      }),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
