// One topic as one node holds it: where the way to the root leads, and who hangs below.
//
//              subscribed, or got a child                parent accepted
//   (no state) ──────────────────────────> searching ──────────────────────> attached
//                                             │  ^   parent lost, left us         │
//                                             │  └────────────────────────────────┤
//                                             │  delivered here: nobody is closer │
//                                             └─────────────> root <──────────────┘
//                                                (back to searching when a closer node joins)
//
// The state is dropped when there is no member here and no child. Ancestors lead from the parent to the root; a node that
// finds itself among them is in a loop.

import { type NodeId } from '../base/id.ts'

export type Position =
  { kind: 'searching' } | { kind: 'attached'; parent: NodeId; ancestors: NodeId[] } | { kind: 'root' }

export class TopicTree {
  isMember = false
  position: Position = { kind: 'searching' }
  /** A subscription of ours is on its way up: whoever accepts it may become the parent. */
  expectsParent = false
  /** When each child last said that it counts on us. */
  readonly children = new Map<NodeId, number>()

  get parent(): NodeId | undefined {
    return this.position.kind === 'attached' ? this.position.parent : undefined
  }

  get isNeeded(): boolean {
    return this.isMember || this.children.size > 0
  }

  get isConnected(): boolean {
    return this.position.kind !== 'searching'
  }

  /** From this node's parent to the root. */
  get ancestors(): readonly NodeId[] {
    return this.position.kind === 'attached' ? this.position.ancestors : []
  }

  /** The neighbours in the tree, but the one a publication came from. */
  neighbours(except: NodeId | undefined): NodeId[] {
    const ids = [...this.children.keys()]
    if (this.parent) ids.push(this.parent)
    return ids.filter((id) => id !== except)
  }
}
