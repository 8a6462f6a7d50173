// What ties the streams of a session to it: whose messages they bring, whose clock and round trip they go by.

import { SessionStreams } from './session-streams.ts'
import { type SessionOwner, type SessionPorts } from './session-ports.ts'
import { type Session } from './session.ts'

/** `wake`: something waits to be sent. */
export function streamsOfSession(
  session: Session,
  { clock, guard }: SessionPorts,
  owner: SessionOwner,
  wake: () => void,
): SessionStreams {
  const pace = { nowMs: () => clock.nowMs(), rttMs: () => session.rttMs }
  return new SessionStreams(session.facts.isInitiator, pace, {
    message: (message) => owner.message(session, message),
    opened: (stream) => owner.opened(session, stream),
    datagram: (bytes) => owner.datagram(session, bytes),
    guard,
    wake,
    mayBackgroundLeave: () => session.mayBackgroundLeave,
  })
}
