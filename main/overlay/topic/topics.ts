// SCRIBE (Castro et al. 2002): one multicast tree per topic, made of the ways that subscriptions take to the topic's key.
//
// A subscription stops at the first node that is in the tree; each node it passes takes the one before it as a child and
// says so (`joined`), which is what makes the child's parent. Publications flow in all directions of the tree but the one
// they came from, so anyone may publish, from anywhere (publications.ts). Hard cases:
//
//   - a way round a dead hop can lead below oneself: `joined` carries the ancestors up to the root, a node does not stop a
//     subscription of its own ancestor, and leaves a parent that names it as an ancestor;
//   - a new parent is taken before the old one is told, so a change of parent never cuts off the subtree;
//   - the root moves when a closer node joins: the old root then subscribes towards it like anybody else.

import { type Publication, type PublishResult } from '../api.ts'
import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { pause } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Forwarding, type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import {
  decodeJoined,
  decodeTopicList,
  encodeJoined,
  encodeTopicList,
  MAX_TOPICS_PER_MESSAGE,
} from '../wire/topic-messages.ts'
import { Publications } from './publications.ts'
import { TopicLimits } from './topic-limits.ts'
import { TopicTree } from './topic-tree.ts'

const SUBSCRIBE_TIMEOUT_MS = 4000
/** An accepting parent's `joined` is on its way when the answer comes. */
const SETTLE_MS = 500
const PASSED_ON_MS = 2000
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
/** One message for all topics two nodes share; just before the transport's idle ping at 25 s, which it replaces. */
const HEARTBEAT_PERIOD_MS = 24_000
/** Three heartbeats and some. */
const CHILD_LIFE_MS = 80_000
/** Roots look again after the leaf set has settled. */
const ROOT_CHECK_DELAY_MS = 1000
/** What strangers' subscriptions may cost us: together, through one neighbour, and in one topic. */
const MAX_TREES = 10_000
const MAX_TREES_PER_CHILD = 2000
const MAX_CHILDREN = 1024

export class Topics {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #routes: Routes
  readonly #ring: Neighbourhood
  readonly #onChange: () => void
  readonly #trees = new Map<Id, TopicTree>()
  readonly #searches = new Set<Id>()
  readonly #limits: TopicLimits
  readonly #publications: Publications
  /** The trees in which a neighbour is a child. */
  readonly #childIn = new Map<NodeId, Set<Id>>()
  #isRootCheckDue = false

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      routes: Routes
      ring: Neighbourhood
      nodeKey: KeyPair
      onPublication: (publication: Publication) => void
      isJoined: () => boolean
      onChange: () => void
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#routes = parts.routes
    this.#ring = parts.ring
    this.#onChange = parts.onChange
    this.#limits = new TopicLimits(around.clock)
    const leave = (neighbour: NodeId, topic: Id): void => this.#sendLeave(neighbour, topic)
    this.#publications = new Publications(around, {
      links: parts.links,
      routes: parts.routes,
      ring: parts.ring,
      nodeKey: parts.nodeKey,
      onPublication: parts.onPublication,
      isJoined: parts.isJoined,
      limits: this.#limits,
      trees: this.#trees,
      leave,
    })
    this.#ring.onChange(() => this.#checkRootsSoon())
    parts.routes.register(APPLICATION.subscribe, {
      forward: (message, previous) => this.#onSubscribe(message.key, previous),
      deliver: (message, previous) => this.#onSubscribeAtRoot(message.key, previous),
    })
  }

  start(): void {
    this.#around.timers.every(
      () => HEARTBEAT_PERIOD_MS * (0.9 + 0.1 * this.#around.random.unit()),
      () => this.#heartbeat(),
    )
  }

  list(): { id: Id; isMember: boolean; children: number; hasParent: boolean; isRoot: boolean }[] {
    return [...this.#trees].map(([id, tree]) => ({
      id,
      isMember: tree.isMember,
      children: tree.children.size,
      hasParent: tree.parent !== undefined,
      isRoot: tree.position.kind === 'root',
    }))
  }

  subscribe(topic: Id): void {
    const tree = this.#grow(topic)
    if (tree.isMember) return
    tree.isMember = true
    this.#onChange()
    if (!tree.isConnected) this.#search(topic)
  }

  leave(topic: Id): void {
    const tree = this.#trees.get(topic)
    if (!tree?.isMember) return
    tree.isMember = false
    this.#onChange()
    this.#pruneIfUnneeded(topic, tree)
  }

  publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    return this.#publications.publish(topic, payload)
  }

  linkDown(peer: NodeId): void {
    for (const [topic, tree] of this.#trees) {
      if (this.#disown(topic, tree, peer)) this.#pruneIfUnneeded(topic, tree)
      if (tree.parent === peer) this.#lostParent(topic, tree, peer)
    }
    this.#onChange()
  }

  /** The neighbour is there as before, but may have missed what was on its way over the old link. */
  linkReplaced(peer: NodeId): void {
    for (const [topic, tree] of this.#trees)
      if (tree.parent === peer || tree.children.has(peer)) this.#publications.repeat(topic, peer)
  }

  /** A link that a tree runs over. */
  uses(peer: NodeId): boolean {
    if (this.#childIn.has(peer)) return true
    for (const tree of this.#trees.values()) if (tree.parent === peer) return true
    return false
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.topicJoined, (link, body) => this.#onJoined(link, body)],
      [MESSAGE.topicLeave, (link, body) => this.#onLeave(link, body)],
      [MESSAGE.topicHeartbeat, (link, body) => this.#onHeartbeat(link, body)],
      [MESSAGE.publication, (link, body) => this.#publications.onPublished(link, body)],
    ]
  }

  // --- growing and shrinking ---

  #grow(topic: Id): TopicTree {
    const tree = this.#trees.get(topic) ?? new TopicTree()
    this.#trees.set(topic, tree)
    return tree
  }

  #onSubscribe(topic: Id, child: NodeId): Forwarding {
    if (!this.#mayAdopt(topic, child)) return { kind: 'refuse' }
    const tree = this.#adopt(topic, child)
    const canStop = tree.isConnected && tree.parent !== child && !tree.ancestors.includes(child)
    if (canStop) return { kind: 'consume', reply: EMPTY }
    tree.expectsParent = true
    // The subscription goes on and brings us a parent on its way; should it fail behind us, we subscribe ourselves.
    this.#around.timers.after(PASSED_ON_MS, () => this.#searchIfLost(topic))
    return { kind: 'pass' }
  }

  #searchIfLost(topic: Id): void {
    const tree = this.#trees.get(topic)
    if (tree && !tree.isConnected) this.#search(topic)
  }

  /** Nobody is closer to the key, so this is the root, whatever it was before. */
  #onSubscribeAtRoot(topic: Id, child: NodeId | undefined): Bytes {
    if (child !== undefined && !this.#mayAdopt(topic, child))
      throw new BanyanError('quota', 'as many subscriptions as this node takes')
    const tree = child === undefined ? this.#trees.get(topic) : this.#adopt(topic, child)
    if (tree) this.#becomeRoot(topic, tree)
    return EMPTY
  }

  /** One's own memberships need no leave; those of others have limits, by neighbour and together. */
  #mayAdopt(topic: Id, child: NodeId): boolean {
    const tree = this.#trees.get(topic)
    const isNew = !tree?.children.has(child)
    const isFull =
      isNew &&
      ((this.#childIn.get(child)?.size ?? 0) >= MAX_TREES_PER_CHILD ||
        (tree ? tree.children.size >= MAX_CHILDREN : this.#trees.size >= MAX_TREES))
    if (!isFull && this.#limits.admitsSubscription(child)) return true
    this.#around.drops.count('subscription: over the limit')
    return false
  }

  #adopt(topic: Id, child: NodeId): TopicTree {
    const tree = this.#grow(topic)
    const isNew = !tree.children.has(child)
    tree.children.set(child, this.#around.clock.nowMs())
    const topics = this.#childIn.get(child) ?? new Set()
    this.#childIn.set(child, topics.add(topic))
    this.#tellAncestors(topic, tree, child)
    if (isNew) this.#publications.repeat(topic, child)
    this.#onChange()
    return tree
  }

  /** False where it was no child. */
  #disown(topic: Id, tree: TopicTree, child: NodeId): boolean {
    const topics = this.#childIn.get(child)
    topics?.delete(topic)
    if (topics?.size === 0) this.#childIn.delete(child)
    return tree.children.delete(child)
  }

  #becomeRoot(topic: Id, tree: TopicTree): void {
    if (tree.position.kind === 'root') return
    if (tree.parent) this.#sendLeave(tree.parent, topic)
    tree.position = { kind: 'root' }
    this.#tellChildren(topic, tree)
    this.#onChange()
  }

  #onJoined(link: Link, body: Reader): void {
    const { topic, ancestors } = decodeJoined(body)
    const parent = link.peer.id
    const tree = this.#trees.get(topic)
    if (!tree || !this.#mayBecomeParent(tree, parent)) return this.#sendLeave(parent, topic)
    if (ancestors.includes(this.#links.self.id)) return this.#leaveLoop(topic, tree, parent)
    const before = tree.parent
    // A node cannot be above and below at once: the one that accepts us is above.
    this.#disown(topic, tree, parent)
    tree.expectsParent = false
    tree.position = { kind: 'attached', parent, ancestors: [parent, ...ancestors] }
    if (before !== undefined && before !== parent) this.#sendLeave(before, topic)
    if (before !== parent) this.#publications.repeat(topic, parent)
    this.#tellChildren(topic, tree)
    this.#onChange()
  }

  /** Nobody becomes a parent unasked. */
  #mayBecomeParent(tree: TopicTree, parent: NodeId): boolean {
    return tree.parent === parent || tree.expectsParent || !tree.isConnected
  }

  #leaveLoop(topic: Id, tree: TopicTree, parent: NodeId): void {
    this.#around.drops.count('topic: loop')
    this.#sendLeave(parent, topic)
    if (tree.parent === parent) this.#lostParent(topic, tree, parent)
  }

  #lostParent(topic: Id, tree: TopicTree, parent: NodeId): void {
    if (!tree.isNeeded) return
    tree.position = { kind: 'searching' }
    this.#onChange()
    this.#search(topic, [parent])
  }

  /** Subscribes towards the key until a parent has accepted or this node is the root. */
  #search(topic: Id, avoid: NodeId[] = []): void {
    if (this.#searches.has(topic)) return
    this.#searches.add(topic)
    this.#trees.get(topic)!.expectsParent = true
    void this.#searchLoop(topic, avoid).finally(() => this.#searches.delete(topic))
  }

  async #searchLoop(topic: Id, avoid: NodeId[]): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    for (;;) {
      const options = { timeoutMs: SUBSCRIBE_TIMEOUT_MS, avoid }
      const code = await this.#routes
        .request(topic, APPLICATION.subscribe, EMPTY, options)
        .then(() => '', codeOf)
      if (code) this.#around.drops.count(`subscribe: ${code}`)
      const { timers, random } = this.#around
      await pause(timers, code === '' ? SETTLE_MS : retryMs * (0.75 + 0.5 * random.unit()))
      const tree = this.#trees.get(topic)
      if (!tree?.isNeeded || (tree.isConnected && this.#isPlausible(topic, tree))) return
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)
      avoid = []
    }
  }

  /** A root that knows a closer node is none. */
  #isPlausible(topic: Id, tree: TopicTree): boolean {
    return tree.position.kind !== 'root' || this.#ring.isRoot(topic)
  }

  #onLeave(link: Link, body: Reader): void {
    for (const topic of decodeTopicList(body)) {
      const tree = this.#trees.get(topic)
      if (!tree) continue
      if (this.#disown(topic, tree, link.peer.id)) this.#pruneIfUnneeded(topic, tree)
      if (tree.parent === link.peer.id) this.#lostParent(topic, tree, link.peer.id)
    }
    this.#onChange()
  }

  #pruneIfUnneeded(topic: Id, tree: TopicTree): void {
    if (tree.isNeeded) return
    this.#trees.delete(topic)
    if (tree.parent) this.#sendLeave(tree.parent, topic)
  }

  #checkRootsSoon(): void {
    if (this.#isRootCheckDue) return
    this.#isRootCheckDue = true
    this.#around.timers.after(ROOT_CHECK_DELAY_MS, () => {
      this.#isRootCheckDue = false
      for (const [topic, tree] of this.#trees) if (!this.#isPlausible(topic, tree)) this.#search(topic)
    })
  }

  // --- heartbeats ---

  #heartbeat(): void {
    const nowMs = this.#around.clock.nowMs()
    const byParent = new Map<NodeId, Id[]>()
    for (const [topic, tree] of this.#trees) {
      for (const [child, heardMs] of tree.children)
        if (nowMs - heardMs > CHILD_LIFE_MS) this.#disown(topic, tree, child)
      if (tree.parent) byParent.set(tree.parent, [...(byParent.get(tree.parent) ?? []), topic])
      else if (!tree.isConnected || !this.#isPlausible(topic, tree)) this.#search(topic)
      this.#pruneIfUnneeded(topic, tree)
    }
    for (const [parent, topics] of byParent)
      for (let i = 0; i < topics.length; i += MAX_TOPICS_PER_MESSAGE)
        this.#send(
          parent,
          encodeTopicList(MESSAGE.topicHeartbeat, topics.slice(i, i + MAX_TOPICS_PER_MESSAGE)),
        )
  }

  /** Soft state: a child we forgot is a child again. */
  #onHeartbeat(link: Link, body: Reader): void {
    for (const topic of decodeTopicList(body)) {
      const tree = this.#trees.get(topic)
      if (tree?.children.has(link.peer.id)) tree.children.set(link.peer.id, this.#around.clock.nowMs())
      else if (!this.#mayAdopt(topic, link.peer.id)) this.#sendLeave(link.peer.id, topic)
      else if (!this.#adopt(topic, link.peer.id).isConnected) this.#search(topic)
    }
  }

  #tellChildren(topic: Id, tree: TopicTree): void {
    for (const child of tree.children.keys()) this.#tellAncestors(topic, tree, child)
  }

  #tellAncestors(topic: Id, tree: TopicTree, child: NodeId): void {
    this.#send(child, encodeJoined({ topic, ancestors: [...tree.ancestors] }))
  }

  #sendLeave(to: NodeId, topic: Id): void {
    this.#send(to, encodeTopicList(MESSAGE.topicLeave, [topic]))
  }

  #send(to: NodeId, message: Bytes): void {
    this.#links.get(to)?.send(message)
  }
}
