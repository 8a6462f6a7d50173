// Which NAT boxes people have. There is no one measurement of all behaviours together, so this table is an assumption,
// made to agree with what has been measured of its parts:
// - 82 % of boxes keep one mapping for all destinations, so that their UDP holes can be punched (Ford et al. 2005).
// - Of two boxes drawn here 75 % of pairs can be punched by plain sending at the same moment: both map independently of
//   the endpoint, or one does and filters by address at most. 70 ± 7 % was measured for libp2p's users (arXiv 2510.27500),
//   which counts other failures, too.
// - The shortest binding timeout of 34 home gateways was 30 s, the median some 90 to 180 s (Hätönen et al. 2010); Linux
//   forgets after 120 s what was answered, RFC 4787 asks for 120 s and recommends 300 s.
// - The connection tracking of Linux, in most boxes, counts what comes in as use.

import { type SeededRandom } from '../kernel/seeded-random.ts'
import { type NatBehaviour } from '../net/nat-behaviour.ts'

export interface NatKind {
  name: string
  /** Of all home boxes. */
  share: number
  behaviour: NatBehaviour
}

/** Assumed: a small home box. The smallest tables measured hold fewer, the largest many more. */
const HOME_BINDINGS = 1024

export const LINUX_HOME: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  portAssignment: 'preserving',
  isHairpinning: false,
  bindingTimeoutMs: 120_000,
  isRefreshedInbound: true,
  maxBindings: HOME_BINDINGS,
}

const SYMMETRIC: NatBehaviour = {
  ...LINUX_HOME,
  mapping: 'address-and-port-dependent',
  portAssignment: 'random',
  bindingTimeoutMs: 60_000,
}

export const HOME_NATS: readonly NatKind[] = [
  { name: 'port-filtering', share: 0.5, behaviour: LINUX_HOME },
  { name: 'short-lived', share: 0.1, behaviour: { ...LINUX_HOME, bindingTimeoutMs: 30_000 } },
  {
    name: 'address-filtering',
    share: 0.12,
    behaviour: {
      ...LINUX_HOME,
      filtering: 'address-dependent',
      isHairpinning: true,
      isRefreshedInbound: false,
    },
  },
  {
    name: 'open',
    share: 0.1,
    behaviour: {
      ...LINUX_HOME,
      filtering: 'endpoint-independent',
      isHairpinning: true,
      bindingTimeoutMs: 300_000,
      isRefreshedInbound: false,
    },
  },
  { name: 'symmetric', share: 0.1, behaviour: SYMMETRIC },
  { name: 'symmetric-sequential', share: 0.08, behaviour: { ...SYMMETRIC, portAssignment: 'sequential' } },
]

/** A carrier's box as RFC 6888 asks for it: the requirements of RFC 4787 hold, hairpinning among them. */
export const CARRIER_NAT: NatBehaviour = {
  mapping: 'endpoint-independent',
  filtering: 'address-dependent',
  portAssignment: 'random',
  isHairpinning: true,
  bindingTimeoutMs: 120_000,
  isRefreshedInbound: false,
  maxBindings: 64_000,
}

export function drawNat(random: SeededRandom): NatKind {
  let left = random.unit()
  for (const kind of HOME_NATS) {
    left -= kind.share
    if (left < 0) return kind
  }
  return HOME_NATS[0]! // the shares add up to one but for rounding
}
