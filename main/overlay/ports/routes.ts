// Routing as the protocols above it see it. routing/ is the one implementation; node.ts hands it around.

import { type Bytes } from '../base/bytes.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type RoutedMessage } from '../wire/routed-message.ts'

export interface RouteOptions {
  timeoutMs: number
  /** Each hop takes the n-th ring neighbour of its choice among those that still make progress. */
  offset?: number
  /** Only the node whose id is the key may answer. */
  isExact?: boolean
  /** Nodes the message must not pass. */
  avoid?: readonly NodeId[]
  /** The first hop, where it must be a certain one. */
  via?: NodeId
  /** Not over this node's own link to the key, which may be dead. */
  isIndirect?: boolean
  /** The dead-end budget, where it is not the node's own. */
  detours?: number
  /** When the second attempt over another way begins; after half the time unless said otherwise. */
  retryAfterMs?: number
  /** No second attempt over another way. */
  isOnce?: boolean
  /** Whether this can be the answer: nodes on the way may give another. One that is refused is as if there had been no way. */
  accepts?(answer: Bytes): boolean
}

export interface RouteReply {
  responder: NodeId
  payload: Bytes
  /** Links crossed on the way there; 0 where this node was the root. */
  hops: number
}

export type Forwarding =
  | { kind: 'pass'; payload?: Bytes; addition?: Bytes } // goes on, perhaps with another payload; the addition goes behind a good answer
  | { kind: 'consume'; reply: Bytes } // ends here, answered
  | { kind: 'refuse' } // ends here; the source is told so, and tries another way

/** The two upcalls of the common API for structured overlays (Dabek et al. 2003), with an answer to each. */
export interface Application {
  /** On the way, at each node but the source and the root. */
  forward?(message: RoutedMessage, previous: NodeId): Forwarding
  /** At the root; `previous` is undefined where the root is the source. The result answers the source. */
  deliver(message: RoutedMessage, previous: NodeId | undefined): Bytes | Promise<Bytes>
}

export interface Routes {
  register(application: number, handler: Application): void
  /** Errors: unreachable (no way there), timeout, refused (the application there failed), too-large, closed. */
  request(key: Id, application: number, payload: Bytes, options: RouteOptions): Promise<RouteReply>
}

/** The ring around this node, as far as it is known. */
export interface Neighbourhood {
  /** No known node is closer to the key. */
  isRoot(key: Id): boolean
  /** The key lies within the leaf set, so that what `closest` says of it holds. */
  covers(key: Id): boolean
  /** The closest nodes to a key among the leaf set and this node, closest first. */
  closest(key: Id, count: number): NodeId[]
  members(): NodeId[]
  /** The next node going up the ring, and down. */
  nearest(): { above: NodeId | undefined; below: NodeId | undefined }
  /** This node and the members, those nearest to the id first, without the id itself. */
  neighboursOf(id: NodeId): PeerRecord[]
  onChange(listener: () => void): void
}
