// Which ports a translator gives out at this moment, seen by some new sockets in one round trip: what it takes to foretell the
// next. A node that has just started knows nothing else of its translator yet, and calls all the same.

import { type PortAssignment } from '../api.ts'
import { type Address, type DatagramSocket, type OpenSocket } from '../ports/datagram-socket.ts'
import { withSocket } from './measurement.ts'
import { type Observing } from './observing.ts'
import { type FreshMapping, judgePorts } from './port-steps.ts'
import { verdictOn } from './sightings.ts'

/** As many as it takes to tell a step from chance (port-steps.ts). */
const SOCKETS = 3

export interface PortLook {
  readonly ports: PortAssignment
  /** The mapping made last. */
  readonly last: Address
}

/**
 * Undefined where nobody answered. The observers, one or more, are asked in turn. Where it is `known` how ports are given out one
 * new mapping is enough: each takes one of those that are foretold.
 */
export async function lookAtPorts(
  { observing, openSocket }: { observing: Observing; openSocket: OpenSocket },
  observers: readonly Address[],
  known: PortAssignment | undefined,
): Promise<PortLook | undefined> {
  const ask = (i: number) => (socket: DatagramSocket) => {
    socket.onDatagram((datagram, from) => observing.receive(datagram, from, socket))
    return freshMapping(observing, socket, observers[i % observers.length]!)
  }
  const sockets = known ? 1 : SOCKETS
  const looks = await Promise.all(Array.from({ length: sockets }, (_, i) => withSocket(openSocket, ask(i))))
  const seen = looks.filter((look) => look !== undefined)
  const last = seen.at(-1)
  return last && { ports: known ?? judgePorts(seen), last: { host: last.host, port: last.outside } }
}

async function freshMapping(
  observing: Observing,
  socket: DatagramSocket,
  observer: Address,
): Promise<(FreshMapping & { host: string }) | undefined> {
  const seen = await observing.ask(socket, observer)
  if (!seen || verdictOn(seen) !== 'good') return undefined
  const { host, port } = seen.address
  return { inside: socket.local.port, outside: port, host }
}
