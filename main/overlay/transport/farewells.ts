// Closes that a peer has missed. A session that we closed is gone at once; if its peer still sends, it gets the same
// close again, a few times. No timers: the oldest make room for the newest.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Address } from '../ports/datagram-socket.ts'

const MAX_FAREWELLS = 64
const REPEATS = 3

export class Farewells {
  readonly #byConnection = new BoundedMap<number, { datagram: Bytes; to: Address; left: number }>(
    MAX_FAREWELLS,
  )

  add(connectionId: number, datagram: Bytes, to: Address): void {
    this.#byConnection.set(connectionId, { datagram, to, left: REPEATS })
  }

  /** The close to send to whoever still sends to this connection id: only ever to the peer's own address. */
  repeat(connectionId: number): { datagram: Bytes; to: Address } | undefined {
    const farewell = this.#byConnection.get(connectionId)
    if (!farewell) return undefined
    if (--farewell.left === 0) this.#byConnection.delete(connectionId)
    return { datagram: farewell.datagram.slice(), to: farewell.to }
  }
}
