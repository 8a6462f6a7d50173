// Where this node is: the computer's own addresses, which change as it moves from network to network, and the places outside
// that lead to its socket. Asking the system costs some 0.1 ms, so it is asked now and then, when somebody wants to know.

import { type Clock } from '../ports/clock.ts'
import { type Address, type DatagramSocket, isCircuit, sameAddress } from '../ports/datagram-socket.ts'

/** Chosen: a person notices nothing of 5 s. */
const LOOK_MS = 5_000

/**
 * mapped: a port that a router has opened for this socket. seen: where peers see it, behind a translator that keeps to it. second: another port of
 * this computer, for those who cannot send to the first.
 */
export type OutsideKind = 'mapped' | 'seen' | 'second'

export class OwnAddresses {
  readonly #clock: Clock
  readonly #socket: DatagramSocket
  readonly #outside: Record<OutsideKind, readonly Address[]> = { mapped: [], seen: [], second: [] }
  #local: readonly Address[] = []
  #lookedMs = -Infinity

  constructor(clock: Clock, socket: DatagramSocket) {
    this.#clock = clock
    this.#socket = socket
  }

  isLocal(address: Address): boolean {
    return this.#local.some((local) => sameAddress(local, address))
  }

  /** Whether the computer has other addresses than before; asked of late, it has not, unless the caller knows better. */
  look(isForSure = false): boolean {
    const nowMs = this.#clock.nowMs()
    if (!isForSure && nowMs - this.#lookedMs < LOOK_MS) return false
    this.#lookedMs = nowMs
    const found = this.#socket.localAddresses()
    const isSame =
      found.length === this.#local.length &&
      found.every((address, i) => sameAddress(address, this.#local[i]!))
    // Between two networks there is none for a while: then the last ones are the better guess.
    if (isSame || found.length === 0) return false
    this.#local = found
    return true
  }

  setOutside(kind: OutsideKind, addresses: readonly Address[]): void {
    this.#outside[kind] = addresses
  }

  /** What others shall try, best first, each once. */
  get told(): Address[] {
    const { mapped, seen, second } = this.#outside
    const told: Address[] = []
    for (const address of [...mapped, ...seen, ...this.#local, ...second])
      if (!isCircuit(address) && !told.some((each) => sameAddress(each, address))) told.push(address)
    return told
  }
}
