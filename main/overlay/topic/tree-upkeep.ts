// Heartbeats of all trees, and what is told with them: the members below, upwards; the members in all and the way to the
// root, downwards; and the publications of late. A tree at rest tells nothing but that its nodes are there. Counts that changed
// much are told in seconds: when all move from one core to another, both count them until the old one has said what it has left.

import { type Bytes } from '../base/bytes.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { LeanSet } from '../base/lean-set.ts'
import { Spaced } from '../base/spaced.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { decodeTopicList, encodeTopicList, MAX_TOPICS_PER_MESSAGE } from '../wire/topic-messages.ts'
import {
  decodeCounts,
  decodeTold,
  encodeCounts,
  encodeTold,
  MAX_COUNTS,
  type SubtreeCounts,
} from '../wire/topic-upkeep.ts'
import { type PlaceList } from './place-list.ts'
import { type Publications } from './publications.ts'
import { type TopicTree } from './topic-tree.ts'

/** One message for all topics two nodes share; just before the transport's idle ping at 25 s, which it replaces. */
const HEARTBEAT_PERIOD_MS = 24_000
/** Of the members in all, for it to be told anew; in a topic of so many each counts. */
const TOLD_SHARE = 0.02
const TOLD_EXACTLY = 500
/** Of the members here or in all, for it to be told before the next heartbeat. */
const TOLD_SOON_SHARE = 0.1
/** Those that move do so one after another. */
const TOLD_SOON_MS = 2000
/** Of the way to the core, for it to be told on: a hop over a short link. */
const TOLD_CHANGE_MS = 5
/** The first change at once, those that follow it together: what alternates above is not passed on by a whole subtree. */
const TOLD_AGAIN_MS = 500
/** A peer that fell silent may be one of many: parents are asked for a sign of life, but not for each. */
const PROBE_AGAIN_MS = 3000

export interface UpkeepParts {
  links: Links
  trees: ReadonlyMap<Id, TopicTree>
  list: PlaceList
  publications: Publications
  /** What else is due at each beat. */
  onBeat: () => void
  /** A heartbeat of a node that is no child. */
  onStranger: (topic: Id, from: NodeId) => void
  /** What a child told of itself has changed. */
  onCounts: (topic: Id, tree: TopicTree) => void
  /** The parent is farther from the core than it was. */
  onFarther: (topic: Id) => void
  onChange: () => void
}

export class TreeUpkeep {
  readonly #around: Surroundings
  readonly #parts: UpkeepParts
  #probedMs = -Infinity
  /** Trees whose counts are looked at in a moment. */
  readonly #changed = new LeanSet<Id>()
  readonly #tellings: Spaced<Id>

  constructor(around: Surroundings, parts: UpkeepParts) {
    this.#around = around
    this.#parts = parts
    this.#tellings = new Spaced(around, TOLD_AGAIN_MS, (topic) => this.#tellChildren(topic))
  }

  start(): void {
    this.#around.timers.every(
      () => HEARTBEAT_PERIOD_MS * (0.9 + 0.1 * this.#around.random.unit()),
      () => this.#beat(),
    )
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.topicHeartbeat, (link, body) => this.#onHeartbeat(link, body)],
      [MESSAGE.topicCounts, (link, body) => this.#onCounts(link, body)],
      [MESSAGE.topicTold, (link, body) => this.#onTold(link, body)],
    ]
  }

  /** A new parent is told at once what hangs below. */
  tellParent(topic: Id, tree: TopicTree): void {
    if (tree.parent === undefined) return
    tree.toldCounts = tree.counts
    this.#send(tree.parent, encodeCounts([[topic, tree.toldCounts]]))
  }

  tellChild(topic: Id, tree: TopicTree, child: NodeId): void {
    const { members } = tree
    tree.children.get(child)!.toldMembers = members
    const costMs = this.#parts.list.costMs(tree)
    this.#send(child, encodeTold({ topic, members, costMs, isCore: tree.core === child }))
  }

  #tellChildren(topic: Id): void {
    const tree = this.#parts.trees.get(topic)
    for (const child of tree?.children.keys() ?? []) this.tellChild(topic, tree!, child)
  }

  /** Somebody came, or left, or says something else than before. */
  countsChanged(topic: Id): void {
    if (this.#changed.has(topic)) return
    this.#changed.add(topic)
    this.#around.timers.after(TOLD_SOON_MS, () => {
      this.#changed.delete(topic)
      const tree = this.#parts.trees.get(topic)
      if (tree) this.#tellMuchChanged(topic, tree)
    })
  }

  #tellMuchChanged(topic: Id, tree: TopicTree): void {
    const { members } = tree
    if (isMuch(tree.counts.members, tree.toldCounts?.members ?? 0)) this.tellParent(topic, tree)
    for (const [child, { toldMembers }] of tree.children)
      if (isMuch(members, toldMembers)) this.tellChild(topic, tree, child)
  }

  /** Where one is gone without a word many may be, and a parent that nothing is sent to would be missed late. */
  peerFellSilent(): void {
    const nowMs = this.#around.clock.nowMs()
    if (nowMs - this.#probedMs < PROBE_AGAIN_MS) return
    this.#probedMs = nowMs
    const parents = new Set([...this.#parts.trees.values()].map(({ parent }) => parent))
    for (const parent of parents) if (parent !== undefined) this.#parts.links.get(parent)?.probe()
  }

  #beat(): void {
    this.#parts.onBeat()
    const quiet = new Map<NodeId, Id[]>()
    const changed = new Map<NodeId, [Id, SubtreeCounts][]>()
    for (const [topic, tree] of this.#parts.trees) {
      if (tree.parent === undefined) continue
      this.#parts.publications.tellLate(topic, tree.parent)
      const { counts } = tree
      if (isSame(counts, tree.toldCounts)) append(quiet, tree.parent, topic)
      else append(changed, tree.parent, [topic, counts])
      tree.toldCounts = counts
    }
    for (const [parent, counts] of changed)
      for (const some of inParts(counts, MAX_COUNTS)) this.#send(parent, encodeCounts(some))
    for (const [parent, topics] of quiet)
      for (const some of inParts(topics, MAX_TOPICS_PER_MESSAGE))
        this.#send(parent, encodeTopicList(MESSAGE.topicHeartbeat, some))
  }

  #onHeartbeat(link: Link, body: Reader): void {
    for (const topic of decodeTopicList(body)) this.#heard(topic, link.peer.id)
  }

  #onCounts(link: Link, body: Reader): void {
    for (const [topic, counts] of decodeCounts(body)) {
      const tree = this.#parts.trees.get(topic)
      const child = tree?.children.get(link.peer.id)
      if (tree && child) {
        child.counts = counts
        this.countsChanged(topic)
        this.#parts.onCounts(topic, tree)
      }
      this.#heard(topic, link.peer.id)
    }
    this.#parts.onChange()
  }

  /** Soft state: a child we forgot is a child again. */
  #heard(topic: Id, from: NodeId): void {
    const tree = this.#parts.trees.get(topic)
    const child = tree?.children.get(from)
    if (!tree || !child) return this.#parts.onStranger(topic, from)
    child.heardMs = this.#around.clock.nowMs()
    this.#parts.publications.tellLate(topic, from)
    const { members } = tree
    const change = Math.abs(members - child.toldMembers)
    if (change > (members > TOLD_EXACTLY ? TOLD_SHARE * members : 0)) this.tellChild(topic, tree, from)
  }

  #onTold(link: Link, body: Reader): void {
    const { topic, members, costMs, isCore } = decodeTold(body)
    const tree = this.#parts.trees.get(topic)
    if (!tree || tree.parent !== link.peer.id) return this.#around.drops.count('topic: told by no parent')
    tree.toldMembers = members
    this.countsChanged(topic)
    const change = costMs - tree.parentCostMs
    tree.wasCore ||= tree.isCore && !isCore
    tree.isCore = isCore
    tree.parentCostMs = costMs
    if (Math.abs(change) > TOLD_CHANGE_MS) this.#tellings.ask(topic)
    if (change > TOLD_CHANGE_MS) this.#parts.onFarther(topic)
    this.#parts.onChange()
  }

  #send(to: NodeId, message: Bytes): void {
    this.#parts.links.get(to)?.send(message)
  }
}

function isSame(a: SubtreeCounts, b: SubtreeCounts | undefined): boolean {
  return a.members === b?.members && a.height === b.height && a.children === b.children
}

function isMuch(now: number, told: number): boolean {
  return Math.abs(now - told) > TOLD_SOON_SHARE * told
}

function append<Value>(lists: Map<NodeId, Value[]>, to: NodeId, value: Value): void {
  const list = lists.get(to)
  if (list) list.push(value)
  else lists.set(to, [value])
}

function inParts<Value>(values: readonly Value[], size: number): Value[][] {
  const parts: Value[][] = []
  for (let i = 0; i < values.length; i += size) parts.push(values.slice(i, i + size))
  return parts
}
