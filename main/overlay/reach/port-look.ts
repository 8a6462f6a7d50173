// Which ports a translator gives out at this moment, seen by some new sockets in one round trip: what it takes to foretell the
// next. A node that has just started knows nothing else of its translator yet, and calls all the same.

import { type PortAssignment } from '../api.ts'
import { type AddressFamily } from '../base/ip-ranges.ts'
import { type Address, type DatagramSocket, type OpenSocket } from '../ports/datagram-socket.ts'
import { withSocket } from './measurement.ts'
import { type Observers } from './observers.ts'
import { type Observing } from './observing.ts'
import { type FreshMapping, judgePorts } from './port-steps.ts'
import { verdictOn } from './sightings.ts'

/** With the first as many as it takes to tell a step from chance (port-steps.ts). */
const FURTHER_SOCKETS = 2

export interface PortLook {
  readonly ports: PortAssignment
  /** The mapping made last. */
  readonly last: Address
}

export interface PortLookTools {
  observing: Observing
  observers: Observers
  openSocket: OpenSocket
}

/**
 * Undefined where nobody answered. Where it is `known` how ports are given out one new mapping is enough: each takes one of
 * those that are foretold. Otherwise the first finds who answers, so that each of the others takes one port.
 */
export async function lookAtPorts(
  { observing, observers, openSocket }: PortLookTools,
  family: AddressFamily,
  known: PortAssignment | undefined,
): Promise<PortLook | undefined> {
  const look = (): Promise<Mapping | undefined> =>
    withSocket(openSocket, async (socket) => {
      socket.onDatagram((datagram, from) => observing.receive(datagram, from, socket))
      return freshMapping(observers, socket, family)
    })
  const first = await look()
  if (!first) return undefined
  const further = known ? [] : await Promise.all(Array.from({ length: FURTHER_SOCKETS }, look))
  const seen = [first, ...further.filter((mapping) => mapping !== undefined)]
  const last = seen.at(-1)!
  return { ports: known ?? judgePorts(seen), last: { host: last.host, port: last.outside } }
}

type Mapping = FreshMapping & { host: string }

async function freshMapping(
  observers: Observers,
  socket: DatagramSocket,
  family: AddressFamily,
): Promise<Mapping | undefined> {
  const sighted = await observers.askAnew(socket, observers.of(family))
  if (!sighted || verdictOn(sighted.seen) !== 'good') return undefined
  const { host, port } = sighted.seen.address
  return { inside: socket.local.port, outside: port, host }
}
