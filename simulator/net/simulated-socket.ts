import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Address, type DatagramSocket } from '../../main/overlay/ports/datagram-socket.ts'
import { Traffic } from '../../main/overlay/transport/counters.ts'
import { MAX_DATAGRAM_BYTES } from '../../main/overlay/wire/packet.ts'
import { type Receiver, type Uplink } from './receivers.ts'

/** RFC 6335's dynamic ports, from which a system gives a program one. */
export const FIRST_DYNAMIC_PORT = 49_152

/** A DatagramSocket in virtual time. */
export class SimulatedSocket implements DatagramSocket, Receiver {
  /** What this computer has sent and received, in datagrams and in bytes of theirs. */
  readonly traffic = new Traffic()
  #local: Address
  readonly #uplink: Uplink
  #receiver: ((datagram: Bytes, from: Address) => void) | undefined
  #isClosed = false
  readonly #siblings = new Set<number>()
  #onClose: () => void = () => undefined

  constructor(local: Address, uplink: Uplink) {
    this.#local = local
    this.#uplink = uplink
  }

  /** Plugged in where it says it is. */
  static open(local: Address, uplink: Uplink): SimulatedSocket {
    const socket = new SimulatedSocket(local, uplink)
    uplink.attach(local, socket)
    return socket
  }

  /** Another socket of the same computer, at any free port. */
  openSibling(random: { below(bound: number): number }): SimulatedSocket {
    const { host } = this.#local
    for (;;) {
      const port = FIRST_DYNAMIC_PORT + random.below(65_536 - FIRST_DYNAMIC_PORT)
      if (!this.#siblings.has(port) && port !== this.#local.port) return this.#openAt({ host, port })
    }
  }

  #openAt(local: Address): SimulatedSocket {
    const sibling = SimulatedSocket.open(local, this.#uplink)
    this.#siblings.add(local.port)
    sibling.#onClose = () => void this.#siblings.delete(local.port)
    return sibling
  }

  get local(): Address {
    return this.#local
  }

  localAddresses(): Address[] {
    return [this.#local]
  }

  /** All of UDP: nothing is cut up here, and the paths say what they carry. */
  largestDatagram(): number {
    return MAX_DATAGRAM_BYTES
  }

  send(datagram: Uint8Array, to: Address): void {
    if (this.#isClosed) return
    this.traffic.sent(datagram.length)
    this.#uplink.send(datagram as Bytes, this.#local, to)
  }

  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void {
    this.#receiver = receiver
  }

  arrive(datagram: Bytes, from: Address): void {
    if (this.#isClosed) return
    this.traffic.received(datagram.length)
    this.#receiver?.(datagram, from)
  }

  /** The computer has changed networks: the same program, seen at another address from now on. */
  moveTo(local: Address, attach: (address: Address, receiver: Receiver) => void): void {
    this.#uplink.close(this.#local)
    this.#local = local
    attach(local, this)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#uplink.close(this.#local)
    this.#onClose()
  }
}
