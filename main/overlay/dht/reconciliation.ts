// Two neighbours make sure that both keep what both should, for the price of one fingerprint where they do. The talk has no
// state: each message is answered from what is kept when it comes, with parts of the ranges it named or with their end.
//
//   A: fingerprint of everything we both should keep
//   B: equal: nothing to say. Few of my own: here they all are (holdings). Else: fingerprints of the 16 parts
//   A: the same for each part that differs; and to holdings: want what I lack, offer what you lack
//
// Whether both should keep a record, each says by its own leaf set. Where the two see different neighbours, they
// differ a little until they see the same.

import { type NodeId } from '../base/id.ts'
import { equal } from '../base/bytes.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { BACKGROUND } from '../transport/urgency.ts'
import { type Reader } from '../wire/codec.ts'
import { MAX_OFFERED, type ReplicaVersion } from '../wire/dht-messages.ts'
import {
  decodeFingerprints,
  decodeHoldings,
  encodeFingerprints,
  encodeHoldings,
  MAX_RANGES,
  type RangeFingerprint,
  type RangeHoldings,
} from '../wire/range-messages.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Held, MAX_DEPTH, RangeTree } from './range-tree.ts'
import { isOlder } from './record-rules.ts'

/** Naming so many costs as much as the fingerprints of the next two levels. */
const FEW = 16
/** A talk about 100,000 records of which all differ takes 7,000 ranges; an ordinary one takes one. */
const BURST_RANGES = 8192
const RANGES_PER_SECOND = 50
/** The messages of one talk find the tree that the first of them built. */
const TREE_LIFE_MS = 2000
const WHOLE = ''

export type SharedReplica = Held & ReplicaVersion

export interface ReconciliationParts {
  peers: Peers
  /** What this node and the peer both should keep, of what this node keeps. */
  shared(peer: NodeId): SharedReplica[]
  /** The peer is told of these. */
  offer(peer: NodeId, lacking: readonly ReplicaVersion[]): void
  /** The peer keeps these, and says that this node should: asked for where it agrees. */
  want(peer: Peer, lacking: readonly ReplicaVersion[]): void
  onMissed(peer: NodeId): void
}

export class Reconciliation {
  readonly #around: Surroundings
  readonly #parts: ReconciliationParts
  readonly #ranges: PeerBudgets
  #tree: { peer: NodeId; untilMs: number; tree: RangeTree<SharedReplica> } | undefined

  constructor(around: Surroundings, parts: ReconciliationParts) {
    this.#around = around
    this.#parts = parts
    this.#ranges = new PeerBudgets(around.clock, BURST_RANGES, RANGES_PER_SECOND)
  }

  /** Opens a talk; `onMissed` hears of it where a message of it is lost. */
  open(peer: NodeId): void {
    this.#tree = undefined
    this.#send(this.#parts.peers.to(peer), encodeFingerprints([this.#treeFor(peer).fingerprint(WHOLE)]))
  }

  onFingerprints(peer: Peer, body: Reader): void {
    const theirs = decodeFingerprints(body)
    if (!this.#admits(peer, theirs.length)) return
    const tree = this.#treeFor(peer.id)
    const parts: RangeFingerprint[] = []
    const few: RangeHoldings[] = []
    const lacking: ReplicaVersion[] = []
    for (const their of theirs) {
      const own = tree.fingerprint(their.prefix)
      if (own.count === their.count && equal(own.fingerprint, their.fingerprint)) continue
      const held = tree.within(their.prefix)
      if (their.count === 0) lacking.push(...held)
      else if (own.count <= FEW || their.prefix.length === MAX_DEPTH)
        few.push({ prefix: their.prefix, held: [...held] })
      else parts.push(...tree.parts(their.prefix))
    }
    if (lacking.length > 0) this.#parts.offer(peer.id, lacking)
    for (const some of inPieces(few)) this.#send(peer, encodeHoldings(some))
    for (let i = 0; i < parts.length; i += MAX_RANGES)
      this.#send(peer, encodeFingerprints(parts.slice(i, i + MAX_RANGES)))
  }

  onHoldings(peer: Peer, body: Reader): void {
    const ranges = decodeHoldings(body)
    if (!this.#admits(peer, ranges.length)) return
    const tree = this.#treeFor(peer.id)
    const [theyLack, weLack]: [ReplicaVersion[], ReplicaVersion[]] = [[], []]
    for (const { prefix, held } of ranges) {
      const own = new Map(tree.within(prefix).map((each) => [each.key, each]))
      for (const their of held) {
        const mine = own.get(their.key)
        own.delete(their.key)
        if (!mine || isOlder(mine, their)) weLack.push(their)
        else if (isOlder(their, mine)) theyLack.push(mine)
      }
      theyLack.push(...own.values())
    }
    if (theyLack.length > 0) this.#parts.offer(peer.id, theyLack)
    if (weLack.length > 0) this.#parts.want(peer, weLack)
  }

  #admits(peer: Peer, ranges: number): boolean {
    const isWithin = this.#ranges.admits(peer.id, 1 + ranges)
    if (!isWithin) this.#around.drops.count('reconciliation: rate')
    return isWithin
  }

  #treeFor(peer: NodeId): RangeTree<SharedReplica> {
    const nowMs = this.#around.clock.nowMs()
    if (this.#tree?.peer !== peer || this.#tree.untilMs <= nowMs) {
      const tree = new RangeTree(this.#around.crypto, this.#parts.shared(peer))
      this.#tree = { peer, untilMs: nowMs + TREE_LIFE_MS, tree }
    }
    return this.#tree.tree
  }

  #send(peer: Peer, message: Uint8Array): void {
    const reported = (isDelivered: boolean): void => {
      if (!isDelivered) this.#parts.onMissed(peer.id)
    }
    peer.send(message, reported, BACKGROUND)
  }
}

/** As many ranges together as one message may name keys of. */
function* inPieces(ranges: readonly RangeHoldings[]): Generator<RangeHoldings[]> {
  const perMessage = Math.min(MAX_RANGES, MAX_OFFERED / FEW)
  for (let i = 0; i < ranges.length; i += perMessage) yield ranges.slice(i, i + perMessage)
}
