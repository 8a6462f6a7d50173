// Publications: signed by their publisher's node, limited per publisher and per link at every hop, handed in all directions
// of the tree but the one they came from, and once only. They enter the tree at the first node of it that they meet.
//
// Neighbours in the tree tell each other what they have of late, by name (a digest): when they become neighbours, and with
// each heartbeat as long as there is something to name. Who misses one asks for it, and passes it on as it would have.
// Repeating all of it to every new neighbour was rejected: a node that changes its place would get everything twice.

import { type Publication, type PublishResult } from '../api.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, idFromBytes, idToBytes, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Forwarding, type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { Reader } from '../wire/codec.ts'
import { hintOf } from '../wire/id-hints.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { MAX_HOPS, type RoutedMessage } from '../wire/routed-message.ts'
import {
  decodePublication,
  decodeServed,
  decodeSignedPublication,
  encodePublication,
  encodeServed,
  encodeSignedPublication,
  MAX_PUBLICATION_BYTES,
  type SignedPublication,
  signPublication,
  type TopicPublication,
  verifyPublication,
} from '../wire/topic-messages.ts'
import {
  asKept,
  decodeNames,
  encodeDigest,
  encodeWant,
  nameOf,
  type PublicationName,
} from '../wire/topic-upkeep.ts'
import { RecentPublications } from './recent-publications.ts'
import { type TopicLimits } from './topic-limits.ts'
import { type TopicTree } from './topic-tree.ts'

const PUBLISH_TIMEOUT_MS = 8000
/** A parent is one hop away, and has at most to pass it on. */
const PARENT_TIMEOUT_MS = 3000
/** What came a moment ago is on its way to the neighbours. */
const UNDER_WAY_MS = 3000
/** Two heartbeats: each publication is named at least once, to who was not told of it by then. */
const NAMED_FOR_MS = 50_000
const MAX_HOMELESS = 1024
/** Publications remembered against repeats: minutes of a busy node. */
const MAX_REMEMBERED = 8192
const NOBODY: ReadonlySet<string> = new Set()

export interface PublicationParts {
  links: Links
  routes: Routes
  ring: Neighbourhood
  nodeKey: KeyPair
  limits: TopicLimits
  trees: ReadonlyMap<Id, TopicTree>
  onPublication: (publication: Publication) => void
  isJoined: () => boolean
  /** Tells a neighbour that there is no tree of this topic here. */
  leave: (neighbour: NodeId, topic: Id) => void
  /** This root has a publication that those who would follow it are to keep. */
  onRooted: (topic: Id, kept: Bytes) => void
}

export class Publications {
  readonly #around: Surroundings
  readonly #parts: PublicationParts
  readonly #seen = new BoundedMap<PublicationName, true>(MAX_REMEMBERED)
  readonly #recent = new RecentPublications()
  /** Topics whose publications were taken here, by the root of a topic without a tree. */
  readonly #homeless = new BoundedMap<Id, true>(MAX_HOMELESS)

  constructor(around: Surroundings, parts: PublicationParts) {
    this.#around = around
    this.#parts = parts
    parts.routes.register(APPLICATION.publish, {
      forward: (message, previous) => this.#onPublishPassing(message, previous),
      deliver: (message, previous) => this.#onPublishAtRoot(message, previous),
    })
  }

  /** Accepted: a node of the tree (perhaps this one), or the root of a topic without members, has said that it has it. */
  async publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    if (payload.length > MAX_PUBLICATION_BYTES)
      throw new BanyanError('too-large', 'a publication past 64 KiB')
    // Until it has joined, this node takes itself for the root of everything: a publication would be lost with nobody the wiser.
    if (!this.#parts.isJoined()) return { kind: 'failed', reason: 'unreachable' }
    const signed = signPublication(this.#around.crypto, this.#parts.nodeKey, topic, Uint8Array.from(payload))
    const tree = this.#parts.trees.get(topic)
    if (tree?.position.kind === 'root' && this.#parts.ring.isRoot(topic)) {
      this.#spread(topic, signed, 0, undefined)
      return { kind: 'accepted' }
    }
    try {
      await this.#passUp(topic, encodeSignedPublication(signed), tree?.parent)
      // What hangs below us; the others may have it from whoever took it.
      this.#spread(topic, signed, 0, undefined)
      return { kind: 'accepted' }
    } catch (error) {
      const code = codeOf(error)
      return { kind: 'failed', reason: code === 'timeout' || code === 'closed' ? code : 'unreachable' }
    }
  }

  /** To the parent, whose answer says more than the transport's acknowledgement: it may be over a limit there, or lost. */
  async #passUp(topic: Id, payload: Bytes, parent: NodeId | undefined): Promise<void> {
    const timeoutMs = PUBLISH_TIMEOUT_MS
    if (parent !== undefined && this.#parts.links.get(parent)?.isOpen) {
      const options = { timeoutMs: PARENT_TIMEOUT_MS, via: parent, isOnce: true }
      const isTaken = await this.#parts.routes.request(topic, APPLICATION.publish, payload, options).then(
        () => true,
        () => false, // whatever it was, another way is tried
      )
      if (isTaken) return
    }
    await this.#parts.routes.request(topic, APPLICATION.publish, payload, { timeoutMs })
  }

  onPublished(link: Link, body: Reader, served = NOBODY): void {
    const bytes = body.remaining
    const { topic, hops, signed } = decodePublication(body)
    const from = link.peer.id
    const tree = this.#parts.trees.get(topic)
    if (!tree) return this.#parts.leave(from, topic)
    if (hops >= MAX_HOPS) return this.#around.drops.count('publication: too many hops')
    const without = tree.children.has(from) ? served : NOBODY
    if (this.#admits(topic, signed, bytes, from)) this.#spread(topic, signed, hops, from, without)
  }

  /** Of a child that has shortcuts to some of its siblings. */
  onServed(link: Link, body: Reader): void {
    this.onPublished(link, body, decodeServed(body))
  }

  #onPublishPassing({ key, payload, hops }: RoutedMessage, previous: NodeId): Forwarding {
    if (!this.#parts.trees.get(key)?.isConnected) return { kind: 'pass' }
    const signed = decodeSignedPublication(payload)
    if (!this.#admits(key, signed, payload.length, previous)) return { kind: 'refuse' }
    this.#spread(key, signed, hops, previous)
    return { kind: 'consume', reply: EMPTY }
  }

  #onPublishAtRoot({ key, payload, hops }: RoutedMessage, previous: NodeId | undefined): Bytes {
    const signed = decodeSignedPublication(payload)
    if (previous !== undefined && !this.#admits(key, signed, payload.length, previous))
      throw new BanyanError('quota', 'more publications than this node takes')
    if (!this.#parts.trees.has(key)) this.#homeless.set(key, true)
    this.#spread(key, signed, hops, previous)
    return EMPTY
  }

  /** A repeat is welcome, for whoever sends it wants to know that it is here; it costs its publisher nothing. */
  #admits(topic: Id, signed: SignedPublication, bytes: number, from: NodeId): boolean {
    const { crypto, network, drops } = this.#around
    if (!this.#parts.limits.admitsOver(from, bytes)) return this.#refuses('over the rate limit of its link')
    if (this.#seen.has(nameOf(this.#idOf(topic, signed.payload)))) return true
    try {
      const publisher = verifyPublication(crypto, network, topic, signed)
      return (
        this.#parts.limits.admitsOf(publisher, bytes) || this.#refuses('over the rate limit of its publisher')
      )
    } catch (error) {
      drops.count(`publication: ${codeOf(error)}`)
      return false
    }
  }

  #refuses(reason: string): false {
    this.#around.drops.count(`publication: ${reason}`)
    return false
  }

  /** Kept also where there is no tree: the members of a root that died find their way to its successor later. */
  #spread(
    topic: Id,
    signed: SignedPublication,
    hops: number,
    from: NodeId | undefined,
    served = NOBODY,
  ): void {
    const id = this.#idOf(topic, signed.payload)
    const name = nameOf(id)
    if (this.#seen.has(name)) return
    this.#seen.set(name, true)
    const tree = this.#parts.trees.get(topic)
    if (tree?.isMember) this.#parts.onPublication({ topic, id, payload: signed.payload })
    const message = encodePublication({ topic, hops: Math.min(hops + 1, MAX_HOPS), signed })
    this.#recent.add(topic, name, message, this.#around.clock.nowMs())
    if (tree) this.#sendOn(tree, message, from, served)
    if (tree?.position.kind === 'root') this.#parts.onRooted(topic, asKept(message))
  }

  #sendOn(tree: TopicTree, message: Bytes, from: NodeId | undefined, served: ReadonlySet<string>): void {
    const { links } = this.#parts
    const siblings = tree.siblingsFor(from).filter((id) => links.get(id)?.isOpen)
    for (const sibling of siblings) this.#send(sibling, message)
    const upwards = siblings.length > 0 ? encodeServed(message, siblings) : message
    for (const id of tree.neighbours(from))
      if (id === tree.parent) this.#send(id, upwards)
      else if (!served.has(hintOf(id))) this.#send(id, message)
  }

  /** For a root to be: kept until there is a tree here, and then heard of by those who missed it. */
  onKept({ topic, hops, signed }: TopicPublication, bytes: number, from: NodeId): void {
    if (this.#parts.trees.has(topic) || !this.#admits(topic, signed, bytes, from)) return
    this.#spread(topic, signed, hops, from)
  }

  #idOf(topic: Id, payload: Bytes): Id {
    return idFromBytes(this.#around.crypto.hash(idToBytes(topic), payload))
  }

  /**
   * What was taken by a root that has had no tree since, and is no root any more, is published once more towards the one that
   * is: its members find that one, and would not hear of this one.
   */
  rehome(): void {
    for (const topic of [...this.#homeless.keys()]) {
      const isHome = this.#parts.trees.has(topic)
      if (!isHome && this.#parts.ring.isRoot(topic)) continue
      this.#homeless.delete(topic)
      if (!isHome) for (const message of this.#recentOf(topic)) void this.#publishAgain(topic, message)
    }
  }

  async #publishAgain(topic: Id, message: Bytes): Promise<void> {
    const { signed } = decodePublication(new Reader(message, 1))
    const options = { timeoutMs: PUBLISH_TIMEOUT_MS }
    await this.#parts.routes
      .request(topic, APPLICATION.publish, encodeSignedPublication(signed), options)
      .catch(() => this.#homeless.set(topic, true)) // tried again with the next beat
  }

  #recentOf(topic: Id): Bytes[] {
    const names = this.#recent.names(topic, this.#around.clock.nowMs())
    return names.flatMap((name) => this.#recent.message(topic, name) ?? [])
  }

  /** A new neighbour in the tree may have missed what came meanwhile. */
  tellAll(topic: Id, to: NodeId): void {
    this.#tell(topic, to, this.#recent.names(topic, this.#around.clock.nowMs()))
  }

  /** An old one, too: a link that ended between two heartbeats may have taken something with it. */
  tellLate(topic: Id, to: NodeId): void {
    this.#tell(topic, to, this.#recent.names(topic, this.#around.clock.nowMs(), UNDER_WAY_MS, NAMED_FOR_MS))
  }

  #tell(topic: Id, to: NodeId, names: readonly PublicationName[]): void {
    if (names.length > 0) this.#send(to, encodeDigest({ topic, names: [...names] }))
  }

  onDigest(link: Link, body: Reader): void {
    const { topic, names } = decodeNames(body)
    if (!this.#parts.trees.get(topic)?.isNeighbour(link.peer.id))
      return this.#around.drops.count('publication: digest of a stranger')
    const missing = names.filter((name) => !this.#seen.has(name))
    if (missing.length > 0) this.#send(link.peer.id, encodeWant({ topic, names: missing }))
  }

  onWant(link: Link, body: Reader): void {
    const { topic, names } = decodeNames(body)
    const to = link.peer.id
    if (!this.#parts.trees.get(topic)?.isNeighbour(to))
      return this.#around.drops.count('publication: wanted by a stranger')
    for (const name of names) {
      const message = this.#recent.message(topic, name)
      if (!message) continue
      if (!this.#parts.limits.admitsRepetition(to, message.length))
        return this.#around.drops.count('publication: repeated too often')
      this.#send(to, message)
    }
  }

  #send(to: NodeId, message: Bytes): void {
    this.#parts.links.get(to)?.send(message)
  }
}
