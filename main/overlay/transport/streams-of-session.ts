// What ties the streams of a session to it: whose messages they bring, whose clock and round trip they go by. An object with
// methods and not a bundle of functions: a node has dozens of sessions, and each function is 56 bytes.

import { type Bytes } from '../base/bytes.ts'
import { type Pace } from './receive-window.ts'
import { SessionStreams, type StreamListener } from './session-streams.ts'
import { type SessionOwner, type SessionPorts } from './session-ports.ts'
import { type Session } from './session.ts'
import { type Stream } from './stream.ts'

/** `wake`: something waits to be sent. */
export function streamsOfSession(
  session: Session,
  ports: SessionPorts,
  owner: SessionOwner,
  wake: () => void,
): SessionStreams {
  return new SessionStreams(session.facts.isInitiator, new SessionSide(session, ports, owner, wake))
}

class SessionSide implements Pace, StreamListener {
  readonly wake: () => void
  readonly #session: Session
  readonly #ports: SessionPorts
  readonly #owner: SessionOwner

  constructor(session: Session, ports: SessionPorts, owner: SessionOwner, wake: () => void) {
    this.#session = session
    this.#ports = ports
    this.#owner = owner
    this.wake = wake
  }

  nowMs(): number {
    return this.#ports.clock.nowMs()
  }

  rttMs(): number {
    return this.#session.rttMs
  }

  message(message: Bytes): void {
    this.#owner.message(this.#session, message)
  }

  opened(stream: Stream): void {
    this.#owner.opened(this.#session, stream)
  }

  datagram(bytes: Uint8Array): void {
    this.#owner.datagram(this.#session, bytes)
  }

  guard(listener: () => void): void {
    this.#ports.guard(listener)
  }

  mayBackgroundLeave(): boolean {
    return this.#session.mayBackgroundLeave
  }
}
