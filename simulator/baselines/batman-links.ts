// How good each B.A.T.M.A.N. node takes each of its links to be, as batman-adv's originator protocol IV has it: the share
// of a neighbour's own announcements that it heard in the last 64, and the share of its own that came back from him. The
// windows are drawn full, as after 64 quiet seconds, so that the run need not begin with them.

import { type Carrier } from './carrier.ts'

/** BATADV_TQ_LOCAL_WINDOW_SIZE. */
const WINDOW = 64
/** BATADV_TQ_MAX_VALUE: a perfect link. */
export const BEST_QUALITY = 255

/** Per node and per neighbour, in the order of its links: 0 to 255. */
export function linkQualities(carrier: Carrier, links: readonly number[][]): Uint8Array[] {
  return links.map((peers, host) => Uint8Array.from(peers, (peer) => quality(carrier, host, peer)))
}

/** What leaves of a hundred announcements counts by its share; a link that hears badly counts less than that. */
function quality(carrier: Carrier, host: number, peer: number): number {
  const heard = windowOf(() => !carrier.isLost(peer, host))
  const echoed = windowOf(() => !carrier.isLost(host, peer) && !carrier.isLost(peer, host))
  if (heard === 0 || echoed === 0) return 0
  const own = Math.min(echoed, heard) / heard
  const asymmetry = 1 - ((WINDOW - heard) / WINDOW) ** 3
  return Math.floor(BEST_QUALITY * own * asymmetry)
}

function windowOf(isHeard: () => boolean): number {
  let count = 0
  for (let i = 0; i < WINDOW; i++) if (isHeard()) count++
  return count
}
