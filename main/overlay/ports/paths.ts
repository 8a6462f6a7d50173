// Next-hop records as routing sees them. unicast/ keeps them; node.ts hands them around.

import { type NodeId } from '../base/id.ts'

/**
 * With fewer links than this most of the ring is out of direct reach (a radio mesh): then records are the virtual links of the
 * graph. They are chosen by distance like links, and kept longer.
 */
export const SPARSE_LINKS = 12

/**
 * How far a message has come along records: those of the same target that it may follow next have fewer hops. It only ever
 * tightens while the target stays, so following records cannot loop.
 */
export interface PathBound {
  readonly target: NodeId
  /** Links between here and the target, at the record that was followed last. */
  readonly hops: number
}

export interface PathStep extends PathBound {
  readonly link: NodeId
}

export interface Paths {
  /** The best record for a target with fewer hops than `below`, whose link `isUsable`. */
  step(target: NodeId, below: number, isUsable: (link: NodeId) => boolean): PathStep | undefined
  /** The shortest way by the map of the links around here, however long: it is true now, where a record may be older. */
  mapped(target: NodeId, isUsable: (link: NodeId) => boolean): PathStep | undefined
  /** Whether there is one. */
  isMapped(target: NodeId): boolean
  /** That map shows everybody who can be reached from here: who is not on it cannot be, and nobody need be asked for others. */
  isWhole(): boolean
  /** That map is being drawn: who is not on it yet may be in a moment. */
  isForming(): boolean
  /** Of the targets that `isWanted`, the closest to the key that there are records for. */
  closest(key: NodeId, isWanted: (target: NodeId) => boolean): NodeId | undefined
  /** What was sent to the target over that link was not acknowledged end to end. */
  failed(target: NodeId, link: NodeId): void
  /** It was. */
  worked(target: NodeId, link: NodeId): void
  /** A message over that link was not acknowledged in time. */
  silent(link: NodeId): void
}
