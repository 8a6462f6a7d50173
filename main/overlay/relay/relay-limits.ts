// What a volunteer gives, and how it is shared out. The person sets three numbers; the rest follows from them, so that no one
// node and no one address range can take all there is.

import { isLoopback, parseHost } from '../base/ip.ts'
import { ownerRangeOf } from '../base/ip-ranges.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type RelayLimits } from '../ports/relays.ts'

/** Chosen: one circuit may take half of the rate, so two people who send all they can still leave room to talk. */
export const CIRCUIT_RATE_SHARE = 1 / 2
/** Chosen: a window of bulk at the whole rate passes at once; a policer that holds nothing back needs that much give. */
export const BURST_SECONDS = 1
/** Chosen: an eighth of the circuits for one node, a quarter for one address range, and two at least. */
export const PEER_SHARE = 1 / 8
export const RANGE_SHARE = 1 / 4
export const LEAST_SHARE = 2
/** Chosen: one who only waits to be called costs some 200 bytes and a session. */
export const MAX_RESERVATIONS = 512
/** Chosen: an office behind one translator. */
export const RESERVATIONS_PER_RANGE = 32
/** Chosen: renewal costs four packets, and what is not renewed goes with the session anyway. */
export const RESERVATION_SECONDS = 3_600
/** Chosen: an end shows a sign of life each 60 to 72 s where it has nothing to say. */
export const IDLE_MS = 180_000
/** Chosen: two who cannot reach each other otherwise begin anew twice a day, in a second. */
export const LONGEST_MS = 12 * 3_600_000
/** Chosen: what is asked of us by one node or one range: a burst when a computer wakes, then a few a second. */
export const ASKS = { burst: 20, perSecond: 2 }
/** Chosen: a handshake takes two signals, and whoever comes online asks some contacts at once. */
export const SIGNALS = { burst: 40, perSecond: 4 }
/** Chosen: a target answers within a round trip, or its session is about to end. */
export const ANSWER_MS = 2_000

/** What one party may own of the Internet: a /24 of IPv4, a /48 of IPv6. Undefined where nobody is counted: this computer. */
export function quotaRangeOf({ host }: Address): string | undefined {
  return isLoopback(host) || !parseHost(host) ? undefined : ownerRangeOf(host)
}

export function shareOf(limits: RelayLimits, share: number): number {
  return Math.max(LEAST_SHARE, Math.floor(limits.circuits * share))
}
