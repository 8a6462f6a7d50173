// One browser tab at the other end of a WebSocket. Each call is a text message, each answer and event too:
//
//   tab -> node   { id, name, argument }
//   node -> tab   { id, reply }   or   { event, payload }
//
// Limits: the size of a message (the server's), calls in flight, and how much may wait for a tab that does not read.

import { type WebSocket } from 'ws'
import { type EventName, type Reply } from '../../preload/contract.ts'
import { type FrontDoor, type Visitor } from '../front-door.ts'

/** The page has a few calls in flight at most; who sends more is read no further until some are done. */
const MAX_CALLS_IN_FLIGHT = 128
/** A tab that sleeps is let go; it comes back with a fresh view. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

interface Request {
  id: number
  name: unknown
  argument: unknown
}

export class Tab {
  readonly #socket: WebSocket
  readonly #visitor: Visitor
  #inFlight = 0

  constructor(socket: WebSocket, door: FrontDoor) {
    this.#socket = socket
    this.#visitor = door.enter((event, payload) => this.#tell(event, payload))
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.#end(1003, 'text only')
      else void this.#receive(String(data))
    })
    socket.on('close', () => this.#visitor.leave())
    socket.on('error', () => socket.terminate()) // too large, no UTF-8, a broken frame: there is nobody to reason with
  }

  #end(code: number, reason: string): void {
    this.#visitor.leave()
    this.#socket.close(code, reason)
  }

  async #receive(text: string): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const request = parseRequest(text)
    if (!request) return this.#end(1008, 'malformed')
    if (++this.#inFlight === MAX_CALLS_IN_FLIGHT) this.#socket.pause()
    const reply = await this.#visitor.call(request.name, request.argument)
    if (this.#inFlight-- === MAX_CALLS_IN_FLIGHT) this.#socket.resume()
    this.#send({ id: request.id, reply })
  }

  #tell(event: EventName, payload: unknown): void {
    this.#send({ event, payload })
  }

  #send(message: { id: number; reply: Reply } | { event: EventName; payload: unknown }): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > MAX_WAITING_BYTES) return this.#socket.terminate()
    this.#socket.send(JSON.stringify(message))
  }
}

function parseRequest(text: string): Request | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { id, name, argument } = value as Record<string, unknown>
    return typeof id === 'number' && Number.isSafeInteger(id) ? { id, name, argument } : undefined
  } catch {
    return undefined // not JSON
  }
}
