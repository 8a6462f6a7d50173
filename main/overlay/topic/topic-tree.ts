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
import { type Spot } from '../wire/topic-placement.ts'
import { type SubtreeCounts } from '../wire/topic-upkeep.ts'

/** How many neighbours a node feeds in one tree: a text of 300 bytes is 19 KB then, half a second of a slow home line. */
export const MAX_CHILDREN = 64

/** Who feeds so many is worth a shortcut. */
export const FEW_CHILDREN = 4

export type Position =
  { kind: 'searching' } | { kind: 'attached'; parent: NodeId; ancestors: NodeId[] } | { kind: 'root' }

export interface Child {
  /** When it last said that it counts on us. */
  heardMs: number
  /** As it told; undefined until then. */
  counts: SubtreeCounts | undefined
  spot: Spot | undefined
  meanRttMs: number | undefined
  /** What it was last told of the members in all. */
  toldMembers: number
}

export class TopicTree {
  isMember = false
  position: Position = { kind: 'searching' }
  /** A subscription of ours is on its way up: whoever accepts it may become the parent. */
  expectsParent = false
  /** Asked to become the parent. */
  wooed: NodeId | undefined
  /** Where this node is, as far as it was measured. */
  spot: Spot | undefined
  /** By how many measured at once, at most. */
  placedBy = 0
  /** What a message takes between the parent and the core. */
  parentCostMs = 0
  /** The root has made this node the one that the others hang under. */
  isCore = false
  beatsAsCore = 0
  /** It is no more, and its children are still here. */
  wasCore = false
  /** In all, as the parent told. */
  toldMembers = 0
  /** What the parent was last told of the subtree. */
  toldCounts: SubtreeCounts | undefined
  /** Where it is the root. */
  rootSinceMs = -Infinity
  /** At the root: the child that the others are to hang under. */
  core: NodeId | undefined
  coresMade = 0
  coreStaysUntilMs = 0
  /** Called in to be the core. */
  promised: NodeId | undefined
  /** About to be looked for. */
  isCoreDue = false
  /** Nodes of the tree that would do as a parent, and to which a link was open when they were found. */
  spare: NodeId[] = []
  readonly children = new Map<NodeId, Child>()
  /** Other children of the parent, to which publications from below go at once, and theirs to us; offered: not yet. */
  readonly shortcuts = new Map<NodeId, 'offered' | 'agreed'>()
  /** Since there is this parent, or since there are some children. */
  beatsBelowParent = 0

  get parent(): NodeId | undefined {
    return this.position.kind === 'attached' ? this.position.parent : undefined
  }

  get isNeeded(): boolean {
    return this.isMember || this.children.size > 0
  }

  get isConnected(): boolean {
    return this.position.kind !== 'searching'
  }

  get hasRoom(): boolean {
    return this.children.size < MAX_CHILDREN
  }

  /** From this node's parent to the root. */
  get ancestors(): readonly NodeId[] {
    return this.position.kind === 'attached' ? this.position.ancestors : []
  }

  /** Members that hear the topic, as far as it is known here. */
  get members(): number {
    return this.position.kind === 'attached'
      ? Math.max(this.toldMembers, this.counts.members)
      : this.counts.members
  }

  get counts(): SubtreeCounts {
    const counts = { members: this.isMember ? 1 : 0, height: 0, children: this.children.size }
    for (const { counts: below } of this.children.values()) {
      counts.members += below?.members ?? 0
      counts.height = Math.max(counts.height, 1 + (below?.height ?? 0))
    }
    return counts
  }

  isNeighbour(id: NodeId): boolean {
    return this.parent === id || this.children.has(id)
  }

  /** A node that is above this one already cannot hang below it. */
  isAbove(id: NodeId): boolean {
    return this.parent === id || this.ancestors.includes(id)
  }

  /** The neighbours in the tree, but the one a publication came from; over a shortcut it came down, as from the parent. */
  neighbours(except: NodeId | undefined): NodeId[] {
    const ids = [...this.children.keys()]
    const cameDown = except !== undefined && this.shortcuts.has(except)
    if (this.parent && !cameDown) ids.push(this.parent)
    return ids.filter((id) => id !== except)
  }

  /** The siblings to which a publication goes at once that came from there: from below, or from outside of the tree. */
  siblingsFor(from: NodeId | undefined): NodeId[] {
    if (from === undefined || from === this.parent || this.shortcuts.has(from)) return []
    return [...this.shortcuts].flatMap(([id, state]) => (state === 'agreed' ? [id] : []))
  }
}
