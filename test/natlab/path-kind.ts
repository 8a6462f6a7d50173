// How two nodes are connected, read from the status of one of them. The one place that knows how the node tells.

import { type OverlayStatus } from '../../main/overlay/api.ts'

export const PATH_KINDS = ['direct', 'mapped', 'punched', 'predicted', 'relayed', 'none'] as const

/**
 * direct: to an address the peer has itself; mapped: to a port its router opened; punched: through NATs, both having sent;
 * predicted: the same, to a port that was guessed; relayed: through a volunteer; none: no session, so that messages go
 * from node to node at best.
 */
export type PathKind = (typeof PATH_KINDS)[number]

/** A session, today, is always by address, and nothing tells how the address was come by. */
export function pathTo(status: OverlayStatus, peer: string): PathKind {
  const session = status.sessions.find(({ id }) => id === peer)
  return session && session.address !== '' ? 'direct' : 'none'
}

/** The two computers talk without anybody in between. */
export function isDirect(path: PathKind): boolean {
  return path !== 'relayed' && path !== 'none'
}
