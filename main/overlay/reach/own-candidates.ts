// Where this node tells a peer to try it, at the moment both begin to try.

import { inTime } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { sameAddress } from '../ports/datagram-socket.ts'
import { type Links } from '../transport/links.ts'
import { type Candidates, MAX_FORECAST_PORTS, type PortForecast } from '../wire/candidates.ts'
import { type PortLook } from './port-look.ts'
import { type Reachability } from './reachability.ts'

/** Chosen: a forecast is asked for with every call; a call without one is worth more than one that comes late. */
const FORECAST_PATIENCE_MS = 700
/** What was sent to the peer before, in vain, has a port already: one of the last that were given. */
const PAST_PORTS = 10

export async function ownCandidates(
  around: Surroundings,
  links: Links,
  reachability: Reachability,
): Promise<Candidates> {
  const asked = forecastOf(reachability).catch(() => undefined)
  const forecast = await inTime(around.timers, FORECAST_PATIENCE_MS, asked)
  const addresses = [...links.self.addresses]
  for (const address of reachability.reflexive())
    if (!addresses.some((known) => sameAddress(known, address))) addresses.push(address)
  return { addresses, forecast }
}

/**
 * Only a translator that gives one port after another can be foretold, and only from what it gave just now. Of a
 * node that has just started nothing is known: it looks, too.
 */
async function forecastOf(reachability: Reachability): Promise<PortForecast | undefined> {
  const findings = reachability.findings('ipv4')
  const isHopeless =
    findings && (findings.mapping === 'endpoint-independent' || findings.portAssignment.kind === 'random')
  const look = isHopeless ? undefined : await reachability.lookAtPorts('ipv4')
  return look && portForecast(look)
}

/** The ports given last and those that come next; counted upward, also where they are given out downward. */
export function portForecast({ ports, last }: PortLook): PortForecast | undefined {
  if (ports.kind !== 'sequential') return undefined
  const step = Math.abs(ports.delta)
  const below = ports.delta > 0 ? PAST_PORTS : MAX_FORECAST_PORTS - 1 - PAST_PORTS
  const firstPort = Math.max(last.port - below * step, last.port % step)
  return { host: last.host, firstPort, step, count: MAX_FORECAST_PORTS }
}
