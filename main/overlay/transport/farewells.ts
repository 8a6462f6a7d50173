// Closes that a peer has missed. A session that we closed is gone at once; if its peer still sends, it gets the same
// close again. Who sends cannot be told any more, as the keys are gone: so a close answers one packet a moment,
// and is never three times as long (RFC 9000 §8.1): whoever sends noise in between can neither use it up nor multiply it. No
// timers: the oldest make room for the newest.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Address } from '../ports/datagram-socket.ts'

const MAX_FAREWELLS = 64
/** RFC 9000 §8.1. */
const AMPLIFICATION = 3
/** Chosen: a peer that speaks hears of it before its probe timeouts are over. */
const APART_MS = 100

export class Farewells {
  readonly #byConnection = new BoundedMap<number, { datagram: Bytes; to: Address; nextMs: number }>(
    MAX_FAREWELLS,
  )

  add(connectionId: number, datagram: Bytes, to: Address): void {
    this.#byConnection.set(connectionId, { datagram, to, nextMs: -Infinity })
  }

  /** The close to send after a packet of so many bytes to this connection id: only ever to the peer's own address. */
  repeat(
    connectionId: number,
    receivedBytes: number,
    nowMs: number,
  ): { datagram: Bytes; to: Address } | undefined {
    const farewell = this.#byConnection.get(connectionId)
    if (!farewell || nowMs < farewell.nextMs) return undefined
    if (farewell.datagram.length > AMPLIFICATION * receivedBytes) return undefined
    farewell.nextMs = nowMs + APART_MS
    return { datagram: farewell.datagram.slice(), to: farewell.to }
  }
}
