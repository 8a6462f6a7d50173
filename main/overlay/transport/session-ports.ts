// What a session is given at its birth, and what it sees of the endpoint around it.

import { type Bytes } from '../base/bytes.ts'
import { type Clock } from '../ports/clock.ts'
import { type SessionKeys } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Counters } from './counters.ts'
import { type SealingPorts } from './sealed-packets.ts'
import { type PathPorts } from './sending-path.ts'
import { type KeepAlive } from './session-timers.ts'
import { type Tracer } from './session-trace.ts'
import { type Session } from './session.ts'
import { type Stream } from './stream.ts'

export interface SessionFacts {
  keys: SessionKeys
  peer: PeerRecord
  /** Where the peer is proven to have read of us. */
  address: Address
  /** Where its answer came from, and of how many bytes, if that is no address we had called. */
  claimed: { address: Address; bytes: number } | undefined
  ownConnectionId: number
  peerConnectionId: number
  isInitiator: boolean
  /** From the handshake; undefined where it was sent more than once. */
  rttMs: number | undefined
  /** Where the peer saw us during the handshake, as far as it has told. */
  observed: Address | undefined
}

export interface SessionPorts extends PathPorts, SealingPorts, KeepAlive {
  clock: Clock
  counters: Counters
  silenceMs: number
  /** Asked once per session whether anybody wants to see what happens in it. */
  tracer?: Tracer
  send(datagram: Bytes, to: Address): void
  /** Runs a listener of the application: what it throws is its defect, and never the peer's. */
  guard(listener: () => void): void
}

export interface SessionOwner {
  message(session: Session, message: Bytes): void
  opened(session: Session, stream: Stream): void
  datagram(session: Session, bytes: Uint8Array): void
  /** The session has ended, once. `farewell` answers packets that the peer still sends, having missed our close. */
  ended(session: Session, reason: string, farewell: Bytes | undefined): void
  observed(session: Session, address: Address): void
}
