// How the pieces of a network are plugged together: each sends through an uplink, and each is a receiver to the uplink.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Address, formatAddress } from '../../main/overlay/ports/datagram-socket.ts'

/** Whatever receives at an address: a socket, or a line or box with more addresses behind it. */
export interface Receiver {
  arrive(datagram: Bytes, from: Address, to: Address): void
}

/** The way from a socket, a line or a box into the network, and the place where it is plugged in. */
export interface Uplink {
  send(datagram: Bytes, from: Address, to: Address): void
  /** One port of a host. Throws where it is taken. */
  attach(address: Address, receiver: Receiver): void
  /** All ports of a host that nobody has for himself. Throws where somebody has. */
  attachHost(host: string, receiver: Receiver): void
  close(address: Address): void
}

/** Who is plugged in at one segment: single ports, and hosts with all of theirs. */
export class Receivers {
  readonly #ports = new Map<string, Receiver>()
  readonly #hosts = new Map<string, Receiver>()

  attach(address: Address, receiver: Receiver): void {
    add(this.#ports, formatAddress(address), receiver)
  }

  attachHost(host: string, receiver: Receiver): void {
    add(this.#hosts, host, receiver)
  }

  close(address: Address): void {
    this.#ports.delete(formatAddress(address))
  }

  at(address: Address): Receiver | undefined {
    return this.#ports.get(formatAddress(address)) ?? this.#hosts.get(address.host)
  }
}

function add(to: Map<string, Receiver>, key: string, receiver: Receiver): void {
  if (to.has(key)) throw new Error(`${key} is taken`)
  to.set(key, receiver)
}
