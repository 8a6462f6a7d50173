// What changes seldom in a session, for whoever traces it: packet size, keys, where the peer is. The session itself says nothing
// about these; they are compared whenever a packet comes or goes, so that a session that nobody traces does no work for it.

import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { DATAGRAM_BYTES } from '../wire/packet.ts'
import { type SessionFigures, type SessionTrace } from './session-trace.ts'

/** Of a session, what is compared. */
export interface Watched {
  readonly address: Address
  /** The same, unless the peer has yet to prove that it is at `address`. */
  readonly provenAddress: Address
  readonly figures: Pick<SessionFigures, 'packetBytes' | 'keyUpdates'>
}

export class SeldomChanges {
  readonly #session: Watched
  readonly #trace: SessionTrace
  #packetBytes = DATAGRAM_BYTES
  #keyPhase = 0
  #address: Address
  #isProven = true

  /** `address` is where the session begins. */
  constructor(session: Watched, address: Address, trace: SessionTrace) {
    this.#session = session
    this.#address = address
    this.#trace = trace
  }

  /** `isOurs`: it is we who sent something; so a new key is our idea. */
  look(isOurs: boolean, nowMs: number): void {
    const { packetBytes, keyUpdates } = this.#session.figures
    if (packetBytes !== this.#packetBytes) this.#trace.mtuUpdated(this.#packetBytes, packetBytes, nowMs)
    this.#packetBytes = packetBytes
    if (keyUpdates !== this.#keyPhase) this.#trace.keyUpdated(keyUpdates, isOurs, nowMs)
    this.#keyPhase = keyUpdates
    this.#lookAtPath(nowMs)
  }

  #lookAtPath(nowMs: number): void {
    const { address, provenAddress } = this.#session
    const isProven = sameAddress(address, provenAddress)
    const hasMoved = !sameAddress(address, this.#address)
    if (hasMoved && !this.#isProven) this.#trace.pathUpdated('migration_abandoned', this.#address, nowMs)
    // Back where it was proven to be before, nothing new begins.
    const isReturn = hasMoved && !this.#isProven && isProven
    if (hasMoved && !isReturn) this.#trace.pathUpdated('migration_started', address, nowMs)
    const isNews = !this.#isProven || hasMoved
    if (isProven && isNews && !isReturn) this.#trace.pathUpdated('migration_complete', address, nowMs)
    this.#address = address
    this.#isProven = isProven
  }
}
