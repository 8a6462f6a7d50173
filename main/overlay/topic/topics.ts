// SCRIBE (Castro et al. 2002): one multicast tree per topic, made of the ways that subscriptions take to the topic's key.
//
// A subscription stops at the first node that is in the tree; each node it passes takes the one before it as a child and
// says so (`joined`), which is what makes the child's parent. Publications flow in all directions of the tree but the one
// they came from, so anyone may publish, from anywhere (publications.ts). Hard cases:
//
//   - a way round a dead hop can lead below oneself: `joined` carries the ancestors up to the root, a node does not stop a
//     subscription of its own ancestor, and leaves a parent that names it as an ancestor;
//   - a new parent is taken before the old one is told, so a change of parent never cuts off the subtree;
//   - the root moves when a closer node joins: the old root then subscribes towards it like anybody else, and hands it its children.
//
// That way makes the first tree (searching.ts). From there each node looks for a better place (placing.ts), among those that
// others name (place-service.ts, place-list.ts), nodes that feed many agree on shortcuts (shortcuts.ts), and a root has its
// ring neighbours keep what the next root needs (root-state.ts). Heartbeats: tree-upkeep.ts.

import { type Publication, type PublishResult, type TopicStatus } from '../api.ts'
import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { Spaced } from '../base/spaced.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Forwarding, type Neighbourhood, type Routes } from '../ports/routes.ts'
import { SILENT } from '../transport/link-ends.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import {
  decodeJoined,
  decodePublication,
  decodeTopicList,
  encodeJoined,
  encodeTopicList,
} from '../wire/topic-messages.ts'
import { PlaceList } from './place-list.ts'
import { PlaceService } from './place-service.ts'
import { Placing } from './placing.ts'
import { Publications } from './publications.ts'
import { RootState } from './root-state.ts'
import { Searching } from './searching.ts'
import { Shortcuts } from './shortcuts.ts'
import { TopicLimits } from './topic-limits.ts'
import { type Child, MAX_CHILDREN, TopicTree } from './topic-tree.ts'
import { TreeUpkeep } from './tree-upkeep.ts'

const PASSED_ON_MS = 2000
/** Who hangs under this node hears of a new way to the root at once, and of those that follow so seldom. */
const TOLD_AGAIN_MS = 500
/** One who would do as a parent answers within a round trip; until then there is no need for a subscription. */
const SPARE_PATIENCE_MS = 600
/** Three heartbeats and some. */
const CHILD_LIFE_MS = 80_000
/** Roots look again after the leaf set has settled. */
const ROOT_CHECK_DELAY_MS = 1000
/** What strangers' subscriptions may cost us: together, through one neighbour, and in one topic. */
const MAX_TREES = 10_000
const MAX_TREES_PER_CHILD = 2000
/** Some are taken in until they have found a better place; who finds none stays. */
const MAX_TAKEN_IN = 128

type Handler = [number, (link: Link, body: Reader) => void]

const NEW_CHILD: Child = {
  heardMs: 0,
  counts: undefined,
  spot: undefined,
  meanRttMs: undefined,
  toldMembers: 0,
}

export class Topics {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #ring: Neighbourhood
  readonly #onChange: () => void
  readonly #trees = new LeanMap<Id, TopicTree>()
  readonly #limits: TopicLimits
  readonly #publications: Publications
  readonly #searching: Searching
  readonly #placing: Placing
  readonly #places: PlaceService
  readonly #rootState: RootState
  readonly #upkeep: TreeUpkeep
  readonly #shortcuts: Shortcuts
  readonly #tellings: Spaced<Id>
  /** The trees in which a neighbour is a child. */
  readonly #childIn = new LeanMap<NodeId, Set<Id>>()
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
      onRooted: (topic, kept) => this.#rootState.keep(topic, kept),
    })
    const { links, routes, ring, onChange } = parts
    const trees = this.#trees
    const list = new PlaceList(links, around.random)
    this.#placing = new Placing(around, { links, routes, trees, list })
    this.#rootState = new RootState(around, { links, ring, trees })
    this.#tellings = new Spaced(around, TOLD_AGAIN_MS, (topic) => this.#tellChildrenNow(topic))
    this.#upkeep = new TreeUpkeep(around, {
      ...{ links, trees, list, publications: this.#publications, onChange },
      onBeat: () => this.#review(),
      onStranger: (topic, from) => this.#takeBack(topic, from),
      onFarther: (topic) => this.#placing.worsened(topic),
      onCounts: (topic, tree) => this.#places.findCore(topic, tree),
    })
    this.#ring.onChange(() => this.#checkRootsSoon())
    this.#places = new PlaceService(around, {
      ...{ links, routes, trees, list, leave, limits: this.#limits },
      adopt: (topic, child) => this.#mayAdopt(topic, child) && this.#adopt(topic, child) !== undefined,
      tellChildren: (topic) => this.#tellChildren(topic),
      onHandedOn: (topic, places) => this.#placing.handedOn(topic, places),
    })
    const tellParent = (topic: Id, tree: TopicTree): void => this.#upkeep.tellParent(topic, tree)
    this.#shortcuts = new Shortcuts(around, { links, routes, trees, list, leave, tellParent })
    const isPlausible = (topic: Id, tree: TopicTree): boolean => this.#isPlausible(topic, tree)
    this.#searching = new Searching(around, { routes, trees, isPlausible })
    parts.routes.register(APPLICATION.subscribe, {
      forward: (message, previous) => this.#onSubscribe(message.key, previous),
      deliver: (message, previous) => this.#onSubscribeAtRoot(message.key, previous),
    })
  }

  start(): void {
    this.#upkeep.start()
  }

  list(): TopicStatus[] {
    return [...this.#trees].map(([id, tree]) => ({
      id,
      isMember: tree.isMember,
      children: tree.children.size,
      hasParent: tree.parent !== undefined,
      isRoot: tree.position.kind === 'root',
      members: tree.members,
      depth: tree.ancestors.length,
      height: tree.counts.height,
      shortcuts: tree.shortcuts.size,
      ...(tree.parent !== undefined && { parent: tree.parent }),
    }))
  }

  subscribe(topic: Id): void {
    const tree = this.#grow(topic)
    if (tree.isMember) return
    tree.isMember = true
    this.#upkeep.countsChanged(topic)
    this.#onChange()
    if (!tree.isConnected) this.#searching.search(topic)
  }

  leave(topic: Id): void {
    const tree = this.#trees.get(topic)
    if (!tree?.isMember) return
    tree.isMember = false
    this.#upkeep.countsChanged(topic)
    this.#onChange()
    this.#pruneIfUnneeded(topic, tree)
  }

  publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    return this.#publications.publish(topic, payload)
  }

  linkDown(peer: NodeId, reason: string): void {
    for (const [topic, tree] of this.#trees) {
      if (this.#disown(topic, tree, peer)) this.#pruneIfUnneeded(topic, tree)
      if (tree.parent === peer) this.#lostParent(topic, tree, peer)
      this.#shortcuts.lost(topic, tree, peer)
      tree.shortcuts.delete(peer)
    }
    if (reason === SILENT) this.#upkeep.peerFellSilent()
    this.#rootState.rootLost(peer)
    this.#onChange()
  }

  /** The neighbour is there as before, but may have missed what was on its way over the old link. */
  linkReplaced(peer: NodeId): void {
    for (const [topic, tree] of this.#trees)
      if (tree.isNeighbour(peer)) this.#publications.tellAll(topic, peer)
      else this.#shortcuts.lost(topic, tree, peer)
  }

  /** A link that a tree runs over. */
  uses(peer: NodeId): boolean {
    if (this.#childIn.has(peer)) return true
    for (const { parent, shortcuts } of this.#trees.values())
      if (parent === peer || shortcuts.has(peer)) return true
    return false
  }

  handlers(): Handler[] {
    const control: Handler[] = [
      [MESSAGE.topicJoined, (link, body) => this.#onJoined(link, body)],
      [MESSAGE.topicLeave, (link, body) => this.#onLeave(link, body)],
      [MESSAGE.topicSibling, (link, body) => this.#shortcuts.onSibling(link, body)],
      [MESSAGE.topicRootState, (link, body) => this.#rootState.onRootState(link, body)],
      ...this.#upkeep.handlers(),
      ...this.#places.handlers(),
    ]
    return [
      ...control.map(([type, handle]): Handler => [type, (link, body) => this.#limited(link, body, handle)]),
      [MESSAGE.publication, (link, body) => this.#publications.onPublished(link, body)],
      [MESSAGE.topicServed, (link, body) => this.#publications.onServed(link, body)],
      [MESSAGE.topicDigest, (link, body) => this.#publications.onDigest(link, body)],
      [MESSAGE.topicWant, (link, body) => this.#publications.onWant(link, body)],
      [MESSAGE.topicKept, (link, body) => this.#onKept(link, body)],
    ]
  }

  #limited(link: Link, body: Reader, handle: Handler[1]): void {
    if (this.#limits.admitsControl(link.peer.id)) handle(link, body)
    else this.#around.drops.count('topic: over the rate limit of its link')
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
    if (tree.isConnected && !tree.isAbove(child)) return { kind: 'consume', reply: EMPTY }
    tree.expectsParent = true
    // The subscription goes on and brings us a parent on its way; should it fail behind us, we subscribe ourselves.
    this.#around.timers.after(PASSED_ON_MS, () => this.#searching.searchIfLost(topic))
    return { kind: 'pass' }
  }

  /** Nobody is closer to the key, so this is the root, whatever it was before. */
  #onSubscribeAtRoot(topic: Id, child: NodeId | undefined): Bytes {
    if (child !== undefined && !this.#mayAdopt(topic, child))
      throw new BanyanError('quota', 'as many subscriptions as this node takes')
    const tree = child === undefined ? this.#trees.get(topic) : this.#adopt(topic, child)
    // By an offset, or past a root that did not answer, it can end beside the root.
    if (tree && child !== undefined && !this.#ring.isRoot(topic)) this.#searching.searchIfLost(topic)
    else if (tree) this.#becomeRoot(topic, tree)
    return EMPTY
  }

  /** One's own memberships need no leave; those of others have limits, by neighbour and together. */
  #mayAdopt(topic: Id, child: NodeId): boolean {
    const tree = this.#trees.get(topic)
    const isNew = !tree?.children.has(child)
    const isFull =
      isNew &&
      ((this.#childIn.get(child)?.size ?? 0) >= MAX_TREES_PER_CHILD ||
        (tree ? tree.children.size >= MAX_TAKEN_IN : this.#trees.size >= MAX_TREES))
    if (!isFull && this.#limits.admitsSubscription(child)) return true
    this.#around.drops.count('subscription: over the limit')
    return false
  }

  #adopt(topic: Id, child: NodeId): TopicTree {
    const tree = this.#grow(topic)
    const isNew = !tree.children.has(child)
    const nowMs = this.#around.clock.nowMs()
    const before = tree.children.get(child) ?? NEW_CHILD
    tree.children.set(child, { ...before, heardMs: nowMs })
    tree.shortcuts.delete(child)
    const topics = this.#childIn.get(child) ?? new Set()
    this.#childIn.set(child, topics.add(topic))
    this.#tellPosition(topic, tree, child)
    if (isNew) this.#publications.tellAll(topic, child)
    if (isNew && tree.children.size > MAX_CHILDREN) this.#places.handOn(topic, tree, child)
    this.#rootState.changed(topic)
    this.#onChange()
    return tree
  }

  /** False where it was no child. */
  #disown(topic: Id, tree: TopicTree, child: NodeId): boolean {
    const topics = this.#childIn.get(child)
    topics?.delete(topic)
    if (topics?.size === 0) this.#childIn.delete(child)
    if (tree.core === child) tree.core = undefined
    this.#upkeep.countsChanged(topic)
    this.#rootState.changed(topic)
    return tree.children.delete(child)
  }

  #becomeRoot(topic: Id, tree: TopicTree): void {
    if (tree.position.kind === 'root') return
    if (tree.parent) this.#sendLeave(tree.parent, topic)
    tree.position = { kind: 'root' }
    tree.rootSinceMs = this.#around.clock.nowMs()
    this.#shortcuts.clear(topic, tree)
    this.#tellChildren(topic)
    this.#rootState.changed(topic)
    this.#places.findCoreSoon(topic)
    this.#onChange()
  }

  #onJoined(link: Link, body: Reader): void {
    const { topic, ancestors } = decodeJoined(body)
    const parent = link.peer.id
    const tree = this.#trees.get(topic)
    if (!tree || !this.#mayBecomeParent(tree, parent)) return this.#sendLeave(parent, topic)
    if (ancestors.includes(this.#links.self.id)) return this.#leaveLoop(topic, tree, parent)
    const before = tree.parent
    const wasRoot = tree.position.kind === 'root'
    const wasWooed = tree.wooed === parent
    // A node cannot be above and below at once: the one that accepts us is above.
    this.#disown(topic, tree, parent)
    tree.expectsParent = false
    tree.wooed = tree.core = undefined
    if (before !== parent) {
      tree.isCore = false
      tree.beatsAsCore = 0
    }
    const isNews = before !== parent || !isSameList(tree.ancestors, [parent, ...ancestors])
    tree.position = { kind: 'attached', parent, ancestors: [parent, ...ancestors] }
    if (before !== undefined && before !== parent) this.#sendLeave(before, topic)
    if (isNews) this.#tellChildren(topic)
    if (before !== parent) {
      this.#shortcuts.clear(topic, tree)
      this.#publications.tellAll(topic, parent)
      this.#upkeep.tellParent(topic, tree)
      if (!wasWooed) this.#placing.attached(topic)
    }
    if (tree.wasCore && before !== parent) this.#places.wasCore(topic, tree)
    // Nobody but the root's id has put it between them and the new one.
    if (wasRoot) for (const child of tree.children.keys()) this.#places.handOn(topic, tree, child, parent)
    this.#onChange()
  }

  /** Nobody becomes a parent unasked. */
  #mayBecomeParent(tree: TopicTree, parent: NodeId): boolean {
    return tree.parent === parent || tree.wooed === parent || tree.expectsParent || !tree.isConnected
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
    if (!this.#placing.seekSpare(topic, tree, parent)) return this.#searching.search(topic, [parent])
    this.#around.timers.after(SPARE_PATIENCE_MS, () => this.#searching.searchIfLost(topic, [parent]))
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
      tree.shortcuts.delete(link.peer.id)
    }
    this.#onChange()
  }

  #pruneIfUnneeded(topic: Id, tree: TopicTree): void {
    if (tree.isNeeded) return
    this.#trees.delete(topic)
    this.#shortcuts.clear(topic, tree)
    if (tree.parent) this.#sendLeave(tree.parent, topic)
  }

  #checkRootsSoon(): void {
    if (this.#isRootCheckDue) return
    this.#isRootCheckDue = true
    this.#around.timers.after(ROOT_CHECK_DELAY_MS, () => {
      this.#isRootCheckDue = false
      for (const [topic, tree] of this.#trees)
        if (!this.#isPlausible(topic, tree)) this.#searching.search(topic)
      this.#rootState.allChanged()
      this.#publications.rehome()
    })
  }

  // --- upkeep ---

  #onKept(link: Link, body: Reader): void {
    const bytes = body.remaining
    const publication = decodePublication(body)
    if (!this.#rootState.isFrom(publication.topic, link.peer.id))
      return this.#around.drops.count('publication: kept for no root')
    this.#publications.onKept(publication, bytes, link.peer.id)
  }

  #review(): void {
    this.#publications.rehome()
    const nowMs = this.#around.clock.nowMs()
    for (const [topic, tree] of this.#trees) {
      this.#places.proposeCore(topic, tree)
      this.#shortcuts.beat(topic, tree)
      for (const [child, { heardMs }] of tree.children)
        if (nowMs - heardMs > CHILD_LIFE_MS) this.#disown(topic, tree, child)
      if (tree.parent === undefined && (!tree.isConnected || !this.#isPlausible(topic, tree)))
        this.#searching.search(topic)
      this.#pruneIfUnneeded(topic, tree)
    }
  }

  #takeBack(topic: Id, child: NodeId): void {
    if (!this.#mayAdopt(topic, child)) this.#sendLeave(child, topic)
    else if (!this.#adopt(topic, child).isConnected) this.#searching.search(topic)
  }

  /** Each tells its own: what comes often from above is gathered, or the whole subtree passes on all of it. */
  #tellChildren(topic: Id): void {
    this.#tellings.ask(topic)
  }

  #tellChildrenNow(topic: Id): void {
    const tree = this.#trees.get(topic)
    for (const child of tree?.children.keys() ?? []) this.#tellPosition(topic, tree!, child)
  }

  #tellPosition(topic: Id, tree: TopicTree, child: NodeId): void {
    this.#send(child, encodeJoined({ topic, ancestors: [...tree.ancestors] }))
    this.#upkeep.tellChild(topic, tree, child)
  }

  #sendLeave(to: NodeId, topic: Id): void {
    this.#send(to, encodeTopicList(MESSAGE.topicLeave, [topic]))
  }

  #send(to: NodeId, message: Bytes): void {
    this.#links.get(to)?.send(message)
  }
}

function isSameList(ids: readonly NodeId[], others: readonly NodeId[]): boolean {
  return ids.length === others.length && ids.every((id, i) => id === others[i])
}
