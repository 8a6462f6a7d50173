// Shortcuts between near siblings in a topic's tree. Up to the parent and down again is a long way between two nodes that are
// close to each other and both have many below them. So a node that feeds some asks its parent now and then who of its siblings
// is near, measures those, and agrees with the nearest that what comes up from below the one goes to the other at once.
// The parent is told with the publication who has it already (wire/topic-messages.ts, served), and leaves those out: nobody gets
// it twice, and who is told of no shortcut gets it as in any tree.
//
// What a link takes with it when it ends, nobody else would bring: the parent believes that it has arrived. So a node that
// loses a shortcut asks its parent, when what was under way is there, to name what it has (as each heartbeat does).

import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { codeOf } from '../base/errors.ts'
import { type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { Reader } from '../wire/codec.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { MAX_SERVED } from '../wire/topic-messages.ts'
import { decodePlaces, decodeSibling, encodePlaceQuestion, encodeSibling } from '../wire/topic-placement.ts'
import { measurePlaces } from './measured-places.ts'
import { type PlaceList } from './place-list.ts'
import { FEW_CHILDREN, type TopicTree } from './topic-tree.ts'

/** What each looks for. Of 64 children, eight shortcuts each take half of what all 2,016 would take off the delay. */
const SOUGHT = 8
/** Others have found this node, too. */
const MAX_SHORTCUTS = MAX_SERVED
/** Of the way over the parent: what is hardly shorter is not worth a link. */
const WORTH_SHARE = 0.8
const ASK_TIMEOUT_MS = 3000
/** What was under way over the other ways is there by then, and named in a digest. */
const ASK_LATE_MS = 5000

export interface ShortcutParts {
  links: Links
  routes: Routes
  trees: ReadonlyMap<Id, TopicTree>
  list: PlaceList
  leave: (neighbour: NodeId, topic: Id) => void
  /** As with a heartbeat, which the parent answers with what it has of late. */
  tellParent: (topic: Id, tree: TopicTree) => void
}

export class Shortcuts {
  readonly #around: Surroundings
  readonly #parts: ShortcutParts

  constructor(around: Surroundings, parts: ShortcutParts) {
    this.#around = around
    this.#parts = parts
  }

  /** At each beat below the same parent; looked for ever more seldom. */
  beat(topic: Id, tree: TopicTree): void {
    const { parent, spot } = tree
    if (parent === undefined || !spot || tree.children.size < FEW_CHILDREN) return
    const beats = ++tree.beatsBelowParent
    if ((beats & (beats - 1)) !== 0 || tree.shortcuts.size >= SOUGHT) return
    void this.#seek(topic, tree, parent).catch((error: unknown) =>
      this.#around.drops.count(`shortcut: ${codeOf(error)}`),
    )
  }

  async #seek(topic: Id, tree: TopicTree, parent: NodeId): Promise<void> {
    const { routes, links, trees } = this.#parts
    const question = encodePlaceQuestion({ topic, isForSiblings: true, spot: tree.spot })
    const options = { timeoutMs: ASK_TIMEOUT_MS, via: parent, isExact: true }
    const { payload } = await routes.request(parent, APPLICATION.place, question, options)
    const places = decodePlaces(new Reader(payload), this.#around)
    const others = places.filter(({ record: { id } }) => id !== links.self.id && !tree.isNeighbour(id))
    const measured = await measurePlaces(this.#around, links, others)
    if (trees.get(topic) !== tree || tree.parent !== parent) return
    const ownCostMs = this.#parts.list.costMs(tree)
    const near = measured
      .filter(({ costMs, rttMs }) => rttMs / 2 < WORTH_SHARE * (ownCostMs + costMs))
      .sort((a, b) => a.rttMs - b.rttMs)
    for (const { record } of near) {
      if (tree.shortcuts.size >= SOUGHT) return
      if (tree.shortcuts.has(record.id) || tree.isNeighbour(record.id)) continue
      tree.shortcuts.set(record.id, 'offered')
      links.get(record.id)?.send(encodeSibling({ topic, parent }))
    }
  }

  onSibling(link: Link, body: Reader): void {
    const { topic, parent } = decodeSibling(body)
    const from = link.peer.id
    const tree = this.#parts.trees.get(topic)
    // To leave it would end what is between the two.
    if (tree?.isNeighbour(from)) return this.#around.drops.count('shortcut: to a neighbour')
    const isKnown = tree?.shortcuts.has(from)
    const isFull = !isKnown && (tree?.shortcuts.size ?? 0) >= MAX_SHORTCUTS
    if (!tree || tree.parent !== parent || isFull) return this.#parts.leave(from, topic)
    tree.shortcuts.set(from, 'agreed')
    if (!isKnown) link.send(encodeSibling({ topic, parent }))
  }

  /** There is another parent, or none is needed any more: siblings no longer. */
  clear(topic: Id, tree: TopicTree): void {
    for (const id of tree.shortcuts.keys()) if (!tree.isNeighbour(id)) this.#parts.leave(id, topic)
    tree.shortcuts.clear()
    tree.beatsBelowParent = 0
  }

  /** The link ended, or was replaced by another. */
  lost(topic: Id, tree: TopicTree, peer: NodeId): void {
    if (!tree.shortcuts.has(peer)) return
    this.#around.timers.after(ASK_LATE_MS, () => {
      if (this.#parts.trees.get(topic) === tree) this.#parts.tellParent(topic, tree)
    })
  }
}
