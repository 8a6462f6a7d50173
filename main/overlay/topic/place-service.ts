// What a node does for others that look for a place in a tree it is in: it answers who would do, takes in who asks for it, as
// long as there is room, and hands on whom others would serve better. At the root, it also finds the core.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { Reader } from '../wire/codec.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import { type RoutedMessage } from '../wire/routed-message.ts'
import {
  decodeHandOn,
  decodePlaceQuestion,
  decodeSeek,
  encodeHandOn,
  encodePlaces,
  encodeSeek,
  type Place,
} from '../wire/topic-placement.ts'
import { type PlaceList } from './place-list.ts'
import { type TopicLimits } from './topic-limits.ts'
import { type TopicTree } from './topic-tree.ts'

/** A root has heard of its children's links by then. */
const CORE_CHECK_MS = 1500
/** Before the core is moved; twice as long before each further time, for what nodes measure differs by chance, too. */
const CORE_STAYS_MS = 20_000
/** Some days. */
const MAX_DOUBLINGS = 14

export interface PlaceServiceParts {
  links: Links
  routes: Routes
  trees: ReadonlyMap<Id, TopicTree>
  list: PlaceList
  limits: TopicLimits
  /** False where it may not be a child here. */
  adopt: (topic: Id, child: NodeId) => boolean
  leave: (neighbour: NodeId, topic: Id) => void
  /** The children are to hear where they are now. */
  tellChildren: (topic: Id) => void
  /** A parent, or who was asked to be one, names others. */
  onHandedOn: (topic: Id, places: Place[]) => void
}

export class PlaceService {
  readonly #around: Surroundings
  readonly #parts: PlaceServiceParts

  constructor(around: Surroundings, parts: PlaceServiceParts) {
    this.#around = around
    this.#parts = parts
    parts.routes.register(APPLICATION.place, {
      deliver: (message, previous) => this.#onQuestion(message, previous),
    })
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.topicSeek, (link, body) => this.#onSeek(link, body)],
      [MESSAGE.topicHandOn, (link, body) => this.#onHandOn(link, body)],
    ]
  }

  /** To those that the child is to look among: a certain one, or whom the list names. */
  handOn(topic: Id, tree: TopicTree, child: NodeId, to?: NodeId): void {
    const { links, list } = this.#parts
    const spot = tree.children.get(child)?.spot
    const record = to === undefined ? undefined : links.get(to)?.peer
    const places = record
      ? [{ record, hasRoom: true, costMs: 0, spot: undefined }]
      : list.places(tree, { id: child, spot })
    links.get(child)?.send(encodeHandOn(topic, places))
  }

  findCoreSoon(topic: Id): void {
    const tree = this.#parts.trees.get(topic)
    if (tree?.position.kind !== 'root' || tree.core !== undefined || tree.isCoreDue) return
    tree.isCoreDue = true
    this.#around.timers.after(CORE_CHECK_MS, () => {
      tree.isCoreDue = false
      this.findCore(topic, tree)
    })
  }

  findCore(topic: Id, tree: TopicTree): void {
    const core = this.#parts.list.coreOf(tree, this.#around.clock.nowMs())
    if (core !== undefined) this.#makeCore(topic, tree, core)
  }

  #makeCore(topic: Id, tree: TopicTree, core: NodeId): void {
    tree.core = core
    tree.promised = undefined
    const staysMs = CORE_STAYS_MS * 2 ** Math.min(tree.coresMade++, MAX_DOUBLINGS)
    tree.coreStaysUntilMs = this.#around.clock.nowMs() + staysMs
    this.#parts.tellChildren(topic)
    for (const child of tree.children.keys()) if (child !== core) this.handOn(topic, tree, child)
  }

  /** At each beat of the core; done ever more seldom. */
  proposeCore(topic: Id, tree: TopicTree): void {
    if (!tree.isCore) return
    const beats = ++tree.beatsAsCore
    if ((beats & (beats - 1)) !== 0) return
    const better = tree.parent !== undefined && this.#parts.list.betterCore(tree)
    if (better) this.#parts.links.get(tree.parent!)?.send(encodeHandOn(topic, [better]))
  }

  /** What hung below for being the core is better off below the one that is it now. */
  wasCore(topic: Id, tree: TopicTree): void {
    const { parent } = tree
    tree.wasCore = false
    if (parent !== undefined)
      for (const child of tree.children.keys()) this.handOn(topic, tree, child, parent)
  }

  #onQuestion({ payload, source }: RoutedMessage, previous: NodeId | undefined): Bytes {
    const { topic, isForSiblings, spot } = decodePlaceQuestion(new Reader(payload))
    const tree = this.#parts.trees.get(topic)
    if (!tree?.isConnected) throw new BanyanError('refused', 'not in this tree')
    if (previous !== undefined && !this.#parts.limits.admitsQuestion(previous))
      throw new BanyanError('quota', 'more questions than this node answers')
    const { list } = this.#parts
    const asker = { id: source, spot }
    return encodePlaces(isForSiblings ? list.siblings(tree, asker) : list.places(tree, asker))
  }

  #onSeek(link: Link, body: Reader): void {
    const { topic, spot, meanRttMs } = decodeSeek(body)
    const from = link.peer.id
    const tree = this.#parts.trees.get(topic)
    if (!tree?.isConnected || tree.isAbove(from)) return this.#parts.leave(from, topic)
    if (!tree.children.has(from)) {
      const isPromised = tree.promised === from
      if (!isPromised && (!tree.hasRoom || tree.core !== undefined))
        return this.#handOnAsked(topic, tree, from)
      if (!this.#parts.adopt(topic, from)) return this.#parts.leave(from, topic)
      if (isPromised) this.#makeCore(topic, tree, from)
    }
    Object.assign(tree.children.get(from)!, { spot, meanRttMs })
    this.findCoreSoon(topic)
  }

  /** The answer is as long as one to a question. */
  #handOnAsked(topic: Id, tree: TopicTree, asker: NodeId): void {
    if (this.#parts.limits.admitsQuestion(asker)) this.handOn(topic, tree, asker)
    else this.#around.drops.count('seek: over the rate limit of its link')
  }

  #onHandOn(link: Link, body: Reader): void {
    const { topic, places } = decodeHandOn(body, this.#around)
    const tree = this.#parts.trees.get(topic)
    const from = link.peer.id
    if (!tree) return
    if (tree.parent === from || tree.wooed === from) return this.#parts.onHandedOn(topic, places)
    if (tree.core === from) return void this.#promise(topic, tree, places)
    if (tree.ancestors.at(-1) === from) return this.#seek(topic, tree, from)
    // A stranger says that it is the root now: is the parent still there?
    if (tree.parent !== undefined) this.#parts.links.get(tree.parent)?.probe()
  }

  /** The core has proposed another, which is called in and becomes the core when it asks for its place. */
  async #promise(topic: Id, tree: TopicTree, [place]: readonly Place[]): Promise<void> {
    const isTooSoon = this.#around.clock.nowMs() < tree.coreStaysUntilMs
    if (!place || isTooSoon || tree.position.kind !== 'root') return
    const { id } = place.record
    const { links } = this.#parts
    const link = links.get(id) ?? (await links.dial(place.record).catch(() => undefined))
    if (!link || tree.children.has(id)) return
    tree.promised = id
    link.send(encodeHandOn(topic, []))
  }

  /** The root wants this node as the core. */
  #seek(topic: Id, tree: TopicTree, root: NodeId): void {
    const { links, list } = this.#parts
    tree.wooed = root
    links.get(root)?.send(encodeSeek({ topic, spot: tree.spot, meanRttMs: list.meanRttMs() }))
  }
}
