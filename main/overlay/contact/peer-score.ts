// How likely a peer of earlier is to be there when it is called again.
//
// Who has been there for long will stay for long: sessions in peer-to-peer networks have heavy tails (Maymounkov and Mazières
// 2002, figure 1; Stutzbach and Rejaie 2006). With the simplest of such tails a peer seen for u is still there after a further
// time a with chance u / (u + a). That is multiplied by the share of calls at earlier starts that it answered.

export interface PeerHistory {
  /** How long this node had a link to it, in all. */
  uptimeMs: number
  /** When it was last linked, or last named by a neighbour, as Unix time. */
  heardWallMs: number
  /** Starts of this node at which it was called, and those at which a link came of it. */
  calls: number
  answers: number
}

/** Chosen: a peer that was only heard of counts as one seen for this long; and nobody is told apart by less. */
const LEAST_UPTIME_MS = 600_000

/** From 0 to 1. A clock that was set back makes nobody likelier than certain. */
export function scorePeer({ uptimeMs, heardWallMs, calls, answers }: PeerHistory, atWallMs: number): number {
  const seenMs = LEAST_UPTIME_MS + uptimeMs
  const agoMs = Math.max(0, atWallMs - heardWallMs)
  // Laplace's rule of succession: one that was never called is neither trusted nor written off
  const share = (answers + 1) / (calls + 2)
  return (share * seenMs) / (seenMs + agoMs + LEAST_UPTIME_MS)
}
