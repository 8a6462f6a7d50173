// How two nodes are connected, read from the status of one of them. The one place that knows how the node tells.

import { type OverlayStatus } from '../../main/overlay/api.ts'
import { formatAddress } from '../../main/overlay/ports/datagram-socket.ts'

export const PATH_KINDS = ['direct', 'mapped', 'punched', 'predicted', 'relayed', 'none'] as const

/**
 * direct: to an address the peer has itself; mapped: to a port its router opened; punched: through NATs, both having sent;
 * predicted: the same, to a port that was guessed; relayed: through a volunteer; none: no session, so that messages go
 * from node to node at best.
 */
export type PathKind = (typeof PATH_KINDS)[number]

/** A port that a router has opened looks like any other to who dials it; whose router it is knows it. */
export function pathBetween(from: OverlayStatus, to: OverlayStatus): PathKind {
  const session = from.sessions.find(({ id }) => id === to.id)
  if (!session) return 'none'
  const mapped = to.portMapping?.state === 'mapped' ? formatAddress(to.portMapping.external) : undefined
  return session.address === mapped ? 'mapped' : session.path
}

/** The two computers talk without anybody in between. */
export function isDirect(path: PathKind): boolean {
  return path !== 'relayed' && path !== 'none'
}
