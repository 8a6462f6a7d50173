// Packets to hosts of which some let no stranger in: a signal is passed first, the called host sends a packet to open its
// translator, and the path stays open for a while. Somebody to pass it is always there. A pair whose translators cannot be
// punched pays as much and gets nothing through.

import { PING_BYTES } from '../world/session-costs.ts'
import { type Carrier } from './carrier.ts'

/** Cheap translators forget a path after 30 s (RFC 4787 asks for 2 minutes, few comply). */
const OPEN_MS = 30_000
const SIGNAL = 218
/** The other's address and a token: to the one who passes it, from him, and the packet that opens the path. */
const SIGNAL_PACKETS = 3
const SIGNAL_BYTES = 6 + 8

export interface Call {
  from: number
  to: number
  type: number
  bytes: number
}

export class PunchedPaths {
  readonly #carrier: Carrier
  readonly #openUntilMs = new Map<number, number>()

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  /** One datagram. An answer to it needs no signal: it takes the path that is open now. */
  call({ from, to, type, bytes }: Call, arrive: () => void): void {
    const { terrain, network } = this.#carrier
    const needsSignal = terrain.needsSignal(from, to) && !this.#isOpen(from, to)
    if (needsSignal) network.count(from, SIGNAL, SIGNAL_PACKETS, SIGNAL_PACKETS * (SIGNAL_BYTES + PING_BYTES))
    const signalMs = needsSignal ? network.transitMs(2 * terrain.delayMs(from, to)) : 0
    const reach = (): void => {
      if (!terrain.canLink(from, to)) return
      this.#openUntilMs.set(this.#pair(from, to), this.#carrier.nowMs + OPEN_MS)
      arrive()
    }
    this.#carrier.datagram(from, to, type, bytes, reach, signalMs)
  }

  #isOpen(a: number, b: number): boolean {
    return (this.#openUntilMs.get(this.#pair(a, b)) ?? -1) >= this.#carrier.nowMs
  }

  #pair(a: number, b: number): number {
    return Math.min(a, b) * this.#carrier.nodes + Math.max(a, b)
  }
}
