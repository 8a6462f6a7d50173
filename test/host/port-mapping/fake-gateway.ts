// A router that speaks NAT-PMP's real bytes (RFC 6886 §3) on loopback, for one outer address, and misbehaves as it is told.

import { createSocket, type Socket } from 'node:dgram'

export class FakeGateway {
  host = [198, 18, 7, 7]
  /** Result code of every answer; 0 is success. */
  result = 0
  /** Requests that are lost before it answers. */
  deaf = 0
  epochSeconds = 1000
  lifetimeSeconds: number | undefined
  /** Outer ports that others hold: the next one up is given. */
  readonly taken = new Set<number>()
  /** Of UDP: outer port by internal port. */
  readonly mappings = new Map<number, number>()
  readonly requests: string[] = []
  /** Sent before each answer, by a stranger or by itself. */
  noise: { from: 'itself' | 'stranger'; bytes: Buffer } | undefined
  readonly #socket: Socket
  readonly #stranger: Socket

  private constructor(socket: Socket, stranger: Socket) {
    this.#socket = socket
    this.#stranger = stranger
    socket.on('message', (message, from) => {
      this.requests.push(message.toString('hex'))
      if (this.deaf-- > 0) return
      if (this.noise) {
        const { from: sender, bytes } = this.noise
        ;(sender === 'itself' ? socket : stranger).send(bytes, from.port, from.address)
      }
      socket.send(this.#answer(message), from.port, from.address)
    })
  }

  static async open(): Promise<FakeGateway> {
    const bound = () =>
      new Promise<Socket>((resolve) => {
        const socket = createSocket('udp4')
        socket.bind(0, '127.0.0.1', () => resolve(socket))
      })
    return new FakeGateway(await bound(), await bound())
  }

  get port(): number {
    return this.#socket.address().port
  }

  restart(): void {
    this.mappings.clear()
    this.epochSeconds = 0
  }

  close(): void {
    this.#socket.close()
    this.#stranger.close()
  }

  #answer(request: Buffer): Buffer {
    const operation = request[1]!
    const isMapping = operation !== 0
    const answer = Buffer.alloc(isMapping ? 16 : 12)
    answer[1] = operation + 128
    answer.writeUInt16BE(this.result, 2)
    answer.writeUInt32BE(this.epochSeconds, 4)
    if (this.result !== 0) return answer
    if (isMapping) this.#map(request, answer)
    else this.host.forEach((byte, i) => (answer[8 + i] = byte))
    return answer
  }

  #map(request: Buffer, answer: Buffer): void {
    const internal = request.readUInt16BE(4)
    let external = request.readUInt16BE(6)
    const lifetime = request.readUInt32BE(8)
    if (lifetime === 0) this.mappings.delete(internal)
    else {
      while (this.taken.has(external)) external++
      this.mappings.set(internal, external)
    }
    answer.writeUInt16BE(internal, 8)
    answer.writeUInt16BE(external, 10)
    answer.writeUInt32BE(lifetime === 0 ? 0 : (this.lifetimeSeconds ?? lifetime), 12)
  }
}
