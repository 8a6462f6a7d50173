// Publications: signed by their publisher's node, limited per publisher and per link at every hop, handed in all directions
// of the tree but the one they came from, and once only. They enter the tree at the first node of it that they meet.

import { type Publication, type PublishResult } from '../api.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, idFromBytes, idToBytes, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Forwarding, type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { MAX_HOPS, type RoutedMessage } from '../wire/routed-message.ts'
import {
  decodePublication,
  decodeSignedPublication,
  encodePublication,
  encodeSignedPublication,
  MAX_PUBLICATION_BYTES,
  type SignedPublication,
  signPublication,
  verifyPublication,
} from '../wire/topic-messages.ts'
import { RecentPublications } from './recent-publications.ts'
import { type TopicLimits } from './topic-limits.ts'
import { type TopicTree } from './topic-tree.ts'

const PUBLISH_TIMEOUT_MS = 8000
/** A parent is one hop away, and has at most to pass it on. */
const PARENT_TIMEOUT_MS = 3000
/** Publications remembered against repeats: minutes of a busy node. */
const MAX_REMEMBERED = 8192

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
}

export class Publications {
  readonly #around: Surroundings
  readonly #parts: PublicationParts
  readonly #seen = new BoundedMap<Id, true>(MAX_REMEMBERED)
  readonly #recent = new RecentPublications()

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

  onPublished(link: Link, body: Reader): void {
    const bytes = body.remaining
    const { topic, hops, signed } = decodePublication(body)
    const from = link.peer.id
    if (!this.#parts.trees.has(topic)) return this.#parts.leave(from, topic)
    if (hops >= MAX_HOPS) return this.#around.drops.count('publication: too many hops')
    if (this.#admits(topic, signed, bytes, from)) this.#spread(topic, signed, hops, from)
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
    this.#spread(key, signed, hops, previous)
    return EMPTY
  }

  /** A repeat is welcome, for whoever sends it wants to know that it is here; it costs its publisher nothing. */
  #admits(topic: Id, signed: SignedPublication, bytes: number, from: NodeId): boolean {
    const { crypto, network, drops } = this.#around
    if (!this.#parts.limits.admitsOver(from, bytes)) return this.#refuses('over the rate limit of its link')
    if (this.#seen.has(this.#idOf(topic, signed.payload))) return true
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
  #spread(topic: Id, signed: SignedPublication, hops: number, from: NodeId | undefined): void {
    if (!this.#handOver(topic, signed.payload)) return
    const message = encodePublication({ topic, hops: Math.min(hops + 1, MAX_HOPS), signed })
    this.#recent.add(topic, message, this.#around.clock.nowMs())
    const neighbours = this.#parts.trees.get(topic)?.neighbours(from) ?? []
    for (const neighbour of neighbours) this.#send(neighbour, message)
  }

  /** To the application, if it subscribed. False for a repeat. */
  #handOver(topic: Id, payload: Bytes): boolean {
    const id = this.#idOf(topic, payload)
    if (this.#seen.has(id)) return false
    this.#seen.set(id, true)
    if (this.#parts.trees.get(topic)?.isMember) this.#parts.onPublication({ topic, id, payload })
    return true
  }

  #idOf(topic: Id, payload: Bytes): Id {
    return idFromBytes(this.#around.crypto.hash(idToBytes(topic), payload))
  }

  /** A new neighbour in the tree hears what it may have missed while it was looking for us. */
  repeat(topic: Id, to: NodeId): void {
    for (const message of this.#recent.of(topic, this.#around.clock.nowMs())) {
      if (!this.#parts.limits.admitsRepetition(to, message.length))
        return this.#around.drops.count('publication: repeated too often')
      this.#send(to, message)
    }
  }

  #send(to: NodeId, message: Bytes): void {
    this.#parts.links.get(to)?.send(message)
  }
}
