// Bare UDP sockets in a namespace, driven from here. See udp-puppet.mjs.

import path from 'node:path'
import { JsonProcess } from './json-process.ts'
import { type Namespace } from './namespace.ts'
import { ROOT } from './root.ts'

const PROGRAM = path.join(ROOT, 'test/natlab/udp-puppet.mjs')
const START_LIMIT_MS = 10_000

export interface Endpoint {
  host: string
  port: number
}

export interface Received {
  event: 'received'
  socket: number
  host: string
  port: number
  hex: string
}

type Opened = { event: 'open'; socket: number } & Endpoint
type Command = ({ socket: number; hex: string } & Endpoint) | { open: string }

export class Puppet {
  readonly #process: JsonProcess<Command, Opened | Received>
  #sockets = 0

  constructor(namespace: Namespace) {
    this.#process = new JsonProcess(namespace.spawn(process.execPath, PROGRAM))
  }

  /** Opens a socket; its number. Port 0 takes any. */
  async open(host = '0.0.0.0', port = 0): Promise<number> {
    const socket = this.#sockets++
    this.#process.tell({ open: `${host}:${port}` })
    const isThis = (event: Opened | Received): event is Opened =>
      event.event === 'open' && event.socket === socket
    await this.#process.need(isThis, START_LIMIT_MS, `a socket on ${host}:${port}`)
    return socket
  }

  send(socket: number, to: Endpoint, text: string): void {
    this.sendHex(socket, to, Buffer.from(text).toString('hex'))
  }

  sendHex(socket: number, { host, port }: Endpoint, hex: string): void {
    this.#process.tell({ socket, host, port, hex })
  }

  /** The first datagram with that text, of those that came or come in time. */
  received(text: string, timeoutMs: number): Promise<Received | undefined> {
    const hex = Buffer.from(text).toString('hex')
    return this.#find((event) => event.hex === hex, timeoutMs)
  }

  /** The first datagram that the socket gets. */
  answer(socket: number, timeoutMs: number): Promise<Received | undefined> {
    return this.#find((event) => event.socket === socket, timeoutMs)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  #find(isWanted: (event: Received) => boolean, timeoutMs: number): Promise<Received | undefined> {
    return this.#process.find(
      (event): event is Received => event.event === 'received' && isWanted(event),
      timeoutMs,
    )
  }
}
