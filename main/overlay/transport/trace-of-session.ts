// What ties a session to whoever traces it. A tracer is outside, as a listener is: whatever it throws is its own defect, and must
// not leave a session in the middle of what it was doing; so all that it is told, it is told under the session's guard.

import { type SessionFacts, type SessionPorts } from './session-ports.ts'
import { SeldomChanges, type Watched } from './seldom-changes.ts'
import { type SessionTrace } from './session-trace.ts'

/** Undefined where nobody wants to see what happens in this session. */
export function traceOfSession(
  session: Watched,
  facts: SessionFacts,
  ports: SessionPorts,
): SessionTrace | undefined {
  const { tracer, clock, guard } = ports
  if (!tracer) return undefined
  const { peer, ownConnectionId, isInitiator } = facts
  const [startMs, startWallMs] = [clock.nowMs(), clock.wallMs()]
  let trace: SessionTrace | undefined
  guard(() => (trace = tracer({ peer: peer.id, ownConnectionId, isInitiator, startMs, startWallMs })))
  if (!trace) return undefined
  const all = guarded(trace, guard)
  const changes = new SeldomChanges(session, facts.address, all)
  return {
    ...all,
    packetSent(...told) {
      changes.look(true, told[3])
      all.packetSent(...told)
    },
    packetReceived(...told) {
      changes.look(false, told[3])
      all.packetReceived(...told)
    },
  }
}

function guarded(trace: SessionTrace, guard: SessionPorts['guard']): SessionTrace {
  return {
    packetSent: (...told) => guard(() => trace.packetSent(...told)),
    packetReceived: (...told) => guard(() => trace.packetReceived(...told)),
    mtuUpdated: (...told) => guard(() => trace.mtuUpdated(...told)),
    keyUpdated: (...told) => guard(() => trace.keyUpdated(...told)),
    pathUpdated: (...told) => guard(() => trace.pathUpdated(...told)),
    packetLost: (...told) => guard(() => trace.packetLost(...told)),
    probeTimeout: (nowMs) => guard(() => trace.probeTimeout(nowMs)),
    figures: (...told) => guard(() => trace.figures(...told)),
    closed: (...told) => guard(() => trace.closed(...told)),
  }
}
