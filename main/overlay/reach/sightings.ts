// What follows from where others see us, as pure rules. A single observer can lie, so nothing follows from one: a host is ours
// when observers of two owners agree on it. Where all observers are in one owner's range there is nothing better than two
// hosts of it; who has brought us there sees all that we do anyway.

import { kindOfHost, familyOf, ownerRangeOf } from '../base/ip-ranges.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'

export interface Sighting {
  readonly observer: Address
  /** Where the observer says it sees us. */
  readonly address: Address
}

/** good: counts. local: true on a LAN, and says nothing about the Internet. Else why it is not to be believed. */
export type SightingVerdict = 'good' | 'local' | 'wrong-family' | 'not-public'

export function verdictOn({ observer, address }: Sighting): SightingVerdict {
  if (familyOf(observer.host) !== familyOf(address.host)) return 'wrong-family'
  const kind = kindOfHost(address.host)
  if (kindOfHost(observer.host) !== 'public') return kind === 'nowhere' ? 'not-public' : 'local'
  return kind === 'public' && address.port > 0 ? 'good' : 'not-public'
}

/** The address that most observers agree on, of the host that most agree on; undefined where less than two do. */
export function agreedAddress(sightings: readonly Sighting[]): Address | undefined {
  const host = most(sightings, ({ address }) => address.host)
  if (!host || host.owners < 2) return undefined
  const there = sightings.filter(({ address }) => address.host === host.key)
  const port = most(there, ({ address }) => String(address.port))!
  // Where no two agree on a port, the last told is the likeliest to be there still.
  return { host: host.key, port: port.owners > 1 ? Number(port.key) : there.at(-1)!.address.port }
}

/**
 * endpoint-independent: different owners see one port, and more than any other. dependent: no two see the same. Of two that
 * disagree one may lie, so two are enough only where `isFinal`: nobody else is there to be asked.
 */
export function judgeMapping(
  sightings: readonly Sighting[],
  isFinal: boolean,
): 'endpoint-independent' | 'dependent' | 'unknown' {
  const agreed = agreedAddress(sightings)
  if (!agreed) return 'unknown'
  const there = sightings.filter(({ address }) => address.host === agreed.host)
  const same = there.filter(({ address }) => sameAddress(address, agreed))
  if (same.length > 1) return 'endpoint-independent'
  return there.length > 2 || isFinal ? 'dependent' : 'unknown'
}

/** The key that observers of most owners name, with how many those are; of equals the first. */
function most(
  sightings: readonly Sighting[],
  keyOf: (sighting: Sighting) => string,
): { key: string; owners: number } | undefined {
  const ranges = new Set(sightings.map(({ observer }) => ownerRangeOf(observer.host)))
  const ownerOf = ({ observer }: Sighting): string =>
    ranges.size > 1 ? ownerRangeOf(observer.host) : observer.host
  const owners = new Map<string, Set<string>>()
  for (const sighting of sightings) {
    const key = keyOf(sighting)
    const known = owners.get(key) ?? new Set<string>()
    owners.set(key, known.add(ownerOf(sighting)))
  }
  let best: { key: string; owners: number } | undefined
  for (const [key, { size }] of owners) if (!best || size > best.owners) best = { key, owners: size }
  return best
}
