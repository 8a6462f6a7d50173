import { type FamilyReach, type Health, type ReachFindings } from '../../../preload/contract.ts'
import { type OverlayStatus } from '../../overlay/api.ts'
import { formatAddress } from '../../overlay/ports/datagram-socket.ts'

type Reach = NonNullable<OverlayStatus['reach']>

/** The overlay's findings as they cross the bridge. */
export function reachView(reach: Reach, nowMs: number): Health['reach'] {
  const { ipv4, ipv6, keepAliveMs } = reach
  return { ipv4: family(ipv4, nowMs), ipv6: family(ipv6, nowMs), keepAliveMs: keepAliveMs ?? 0 }
}

function family({ kind, isMeasuring, findings }: Reach['ipv4'], nowMs: number): FamilyReach {
  return { kind, isMeasuring, findings: findings ? findingsView(findings, nowMs) : null }
}

function findingsView(findings: NonNullable<Reach['ipv4']['findings']>, nowMs: number): ReachFindings {
  const { isTranslated, mapping, filtering, portAssignment, reflexive, evidence, measuredAtMs } = findings
  return {
    outside: formatAddress(reflexive),
    isTranslated,
    mapping,
    filtering,
    ports: portAssignment.kind,
    portStep: portAssignment.kind === 'sequential' ? portAssignment.delta : 0,
    sightings: evidence.sightings.map((sighting) => ({ ...sighting })),
    otherPort: evidence.otherPort,
    strangers: { ...evidence.strangers },
    otherPorts: { ...evidence.otherPorts },
    isCalledByStrangers: evidence.isCalledByStrangers,
    freshPorts: [...evidence.freshPorts],
    ageMs: Math.max(0, nowMs - measuredAtMs),
  }
}
