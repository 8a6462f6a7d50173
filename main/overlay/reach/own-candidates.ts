// Where this node tells a peer to try it, at the moment both begin to try.

import { inTime } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { sameAddress } from '../ports/datagram-socket.ts'
import { type Links } from '../transport/links.ts'
import { type Candidates, MAX_FORECAST_PORTS, type PortForecast } from '../wire/candidates.ts'
import { type Reachability } from './reachability.ts'

/** Chosen: a forecast is asked for with every call; a call without one is worth more than one that comes late. */
const FORECAST_PATIENCE_MS = 700
const MAX_STEP = 255
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

/** Only a translator that gives one port after another can be foretold, and only from what it gave just now. */
async function forecastOf(reachability: Reachability): Promise<PortForecast | undefined> {
  const findings = reachability.findings('ipv4')
  if (!findings || findings.mapping === 'endpoint-independent') return undefined
  const { portAssignment } = findings
  if (portAssignment.kind !== 'sequential' || portAssignment.delta > MAX_STEP) return undefined
  const step = portAssignment.delta
  const fresh = step > 0 ? await reachability.freshPort('ipv4') : undefined
  if (!fresh) return undefined
  const firstPort = Math.max(fresh.port - PAST_PORTS * step, fresh.port % step)
  return { host: fresh.host, firstPort, step, count: MAX_FORECAST_PORTS }
}
