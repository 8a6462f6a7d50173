// The bridge of a browser tab: the same two functions over a WebSocket. When the node goes away it says so across the
// top of the page, tries again with growing pauses, and then loads the page afresh, so that what is shown is what is so.

import { type Bridge, type Reply } from './contract.ts'

/** Soon at first (a restart takes a second), then at a pace that costs nothing. */
const RETRY_DELAYS_MS = [250, 500, 1_000, 2_000, 5_000]

interface Waiting {
  message: string
  resolve(reply: Reply): void
}

const LOST: Reply = {
  ok: false,
  error: { code: 'closed', message: 'The connection to Banyan on this computer was lost.' },
}

class SocketBridge implements Bridge {
  readonly #listeners = new Set<(name: string, payload: unknown) => void>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #banner = document.createElement('div')
  #socket: WebSocket | undefined
  #nextId = 1
  #attempts = 0
  #wasOpen = false

  constructor() {
    this.#connect()
  }

  call(name: string, argument: unknown): Promise<Reply> {
    return new Promise((resolve) => {
      const id = this.#nextId++
      const message = JSON.stringify({ id, name, argument })
      this.#waiting.set(id, { message, resolve })
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message)
      else if (this.#wasOpen) this.#finish(id, LOST) // before the first connection calls wait for it instead
    })
  }

  listen(listener: (name: string, payload: unknown) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #connect(): void {
    this.#socket = new WebSocket(`ws://${location.host}/bridge`)
    this.#socket.onopen = () => this.#opened()
    this.#socket.onmessage = (event) => this.#received(JSON.parse(String(event.data)))
    this.#socket.onclose = () => void this.#closed()
  }

  #opened(): void {
    if (this.#wasOpen) return location.reload()
    this.#wasOpen = true
    this.#attempts = 0
    this.#banner.remove()
    for (const { message } of this.#waiting.values()) this.#socket!.send(message)
  }

  #received(message: { id: number; reply: Reply } | { event: string; payload: unknown }): void {
    if ('id' in message) this.#finish(message.id, message.reply)
    else for (const listener of this.#listeners) listener(message.event, message.payload)
  }

  #finish(id: number, reply: Reply): void {
    this.#waiting.get(id)?.resolve(reply)
    this.#waiting.delete(id)
  }

  async #closed(): Promise<void> {
    if (this.#wasOpen) for (const id of [...this.#waiting.keys()]) this.#finish(id, LOST)
    if (await this.#isSessionOver())
      return this.#show('Banyan was started again. Open the new address that it printed in the terminal.')
    this.#show('Banyan on this computer does not answer. Trying again …')
    const delayMs = RETRY_DELAYS_MS[Math.min(this.#attempts++, RETRY_DELAYS_MS.length - 1)]!
    setTimeout(() => this.#connect(), delayMs)
  }

  /** A browser does not tell a page why a socket was refused, so it asks in a way that does. */
  async #isSessionOver(): Promise<boolean> {
    try {
      return (await fetch('/session', { cache: 'no-store' })).status === 401
    } catch {
      return false // nobody answers: not over, only away
    }
  }

  #show(words: string): void {
    const { style } = this.#banner
    this.#banner.setAttribute('role', 'alert')
    style.cssText =
      'position:fixed;inset:0 0 auto 0;z-index:2147483647;padding:10px 16px;text-align:center;' +
      'font:500 14px/1.4 system-ui,sans-serif;background:#7a2e0e;color:#fff'
    if (this.#banner.textContent !== words) this.#banner.textContent = words
    if (!this.#banner.isConnected) document.body?.append(this.#banner)
  }
}

// In the app's window the preload script was here first.
if (!('banyan' in window))
  Object.defineProperty(window, 'banyan', { value: new SocketBridge() satisfies Bridge })
