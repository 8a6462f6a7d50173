// Sockets that are opened for a moment, to see what a translator does with a new one. What waits on them when the node stops
// waits for ever, because its timers are gone; so they are closed from here.

import { BanyanError } from '../base/errors.ts'
import { type DatagramSocket, type OpenSocket } from '../ports/datagram-socket.ts'

export class SpareSockets {
  readonly #openSocket: OpenSocket
  readonly #opened = new Set<DatagramSocket>()
  #isStopped = false

  constructor(openSocket: OpenSocket) {
    this.#openSocket = openSocket
  }

  /** Errors: closed, and those of the system. */
  readonly open: OpenSocket = async () => {
    const socket = await this.#openSocket()
    if (this.#isStopped) {
      await socket.close()
      throw new BanyanError('closed', 'the node is stopping')
    }
    this.#opened.add(socket)
    const close = socket.close.bind(socket)
    socket.close = () => {
      this.#opened.delete(socket)
      return close()
    }
    return socket
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#opened].map((socket) => socket.close()))
  }
}
