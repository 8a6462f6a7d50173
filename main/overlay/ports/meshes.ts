// A room's mesh as the application sees it: who joins hears every broadcast of every member, once, in no order.

import { type Bytes } from '../base/bytes.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

export interface MeshMessage {
  mesh: Id
  /** Its node signed it; what its person may say, the application knows. */
  author: NodeId
  payload: Bytes
}

export interface MeshEvents {
  message(message: MeshMessage): void
  /** Somebody's signed join was seen for the first time, or again after he had left. */
  joined?(member: NodeId): void
  left?(member: NodeId): void
  /** The view has changed: for a picture of it. */
  changed?(): void
}

/** What the window draws: this member's place in the mesh. */
export interface MeshView {
  /** The partial view: members that this node has picked to send to. */
  held: NodeId[]
  /** The in-view: members that have picked this node. */
  holders: NodeId[]
  /** Neighbours in the broadcast tree; the others are told of messages, and not sent them. */
  eager: NodeId[]
  /** All whose join was seen and whose leave was not: who hears what is said here, as far as this node knows. */
  members: { id: NodeId; joinedMs: number }[]
  /** Broadcasts that came over a link so far, and how many of these had come before. */
  received: number
  repeated: number
  /** Nobody is known to hear what is sent from here. */
  isAlone: boolean
}

export interface Meshes {
  /**
   * Takes part from now on, until left, whatever the network does. `contacts`: members to join through, tried in turn; none for
   * who founds the mesh. `admits` says of every node that wants to be a neighbour whether it may, and of every author whether what
   * it says is heard and passed on here (of a former member for as long as its last messages may be under way, say yes); all where
   * it is not given.
   */
  join(
    mesh: Id,
    contacts: readonly PeerRecord[],
    events: MeshEvents,
    admits?: (member: NodeId) => boolean,
  ): void
  leave(mesh: Id): void
  /** To all members that can be reached; nobody acknowledges. Errors: too-large, not-found (not joined). */
  broadcast(mesh: Id, payload: Uint8Array): void
  /** Undefined where it is not joined. */
  view(mesh: Id): MeshView | undefined
  /** Members to join through the next time: neighbours first, then others whose join was seen. */
  contacts(mesh: Id): PeerRecord[]
}
