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
import { type NeighbourLimits } from './neighbour-limits.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Held, MAX_DEPTH, RangeTree } from './range-tree.ts'
import { isOlder } from './record-rules.ts'

/** Naming so many costs as much as the fingerprints of the next two levels. */
const FEW = 16
/** The messages of one talk find the tree that the first of them built. */
const TREE_LIFE_MS = 2000
const WHOLE = ''

export type SharedReplica = Held & ReplicaVersion

export interface ReconciliationParts {
  peers: Peers
  limits: NeighbourLimits
  /** The leaf set: nobody else shares a record with this node. */
  members(): readonly NodeId[]
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
  #tree: { peer: NodeId; untilMs: number; tree: RangeTree<SharedReplica> } | undefined

  constructor(around: Surroundings, parts: ReconciliationParts) {
    this.#around = around
    this.#parts = parts
  }

  /** Opens a talk; `onMissed` hears of it where a message of it is lost. */
  open(peer: NodeId): void {
    this.#tree = undefined
    const tree = this.#treeOf(peer, this.#parts.shared)
    this.#send(this.#parts.peers.to(peer), encodeFingerprints([tree.fingerprint(WHOLE)]))
  }

  onFingerprints(peer: Peer, body: Reader): void {
    const theirs = decodeFingerprints(body)
    const tree = this.#treeFor(peer, theirs.length)
    if (!tree) return
    const parts: RangeFingerprint[] = []
    const few: RangeHoldings[] = []
    const lacking: ReplicaVersion[] = []
    for (const their of theirs) {
      const own = tree.fingerprint(their.prefix)
      if (own.count === their.count && equal(own.fingerprint, their.fingerprint)) continue
      const held = tree.within(their.prefix)
      if (their.count === 0) lacking.push(...this.#nameable(peer, held))
      else if (own.count <= FEW || their.prefix.length === MAX_DEPTH)
        few.push({ prefix: their.prefix, held: this.#nameable(peer, held) })
      else parts.push(...tree.parts(their.prefix))
    }
    if (lacking.length > 0) this.#parts.offer(peer.id, lacking)
    for (const some of inPieces(few)) this.#send(peer, encodeHoldings(some))
    for (let i = 0; i < parts.length; i += MAX_RANGES)
      this.#send(peer, encodeFingerprints(parts.slice(i, i + MAX_RANGES)))
  }

  onHoldings(peer: Peer, body: Reader): void {
    const ranges = decodeHoldings(body)
    const tree = this.#treeFor(peer, ranges.length)
    if (!tree) return
    const [theyLack, weLack]: [ReplicaVersion[], ReplicaVersion[]] = [[], []]
    for (const { prefix, held } of ranges) {
      const own = new Map(tree.within(prefix).map((each) => [each.key, each]))
      for (const their of held) {
        const mine = own.get(their.key)
        own.delete(their.key)
        if (!mine || isOlder(mine, their)) weLack.push(their)
        else if (isOlder(their, mine)) theyLack.push(mine)
      }
      theyLack.push(...this.#nameable(peer, own.values()))
    }
    if (theyLack.length > 0) this.#parts.offer(peer.id, theyLack)
    if (weLack.length > 0) this.#parts.want(peer, weLack)
  }

  /** As many as the neighbour may have named for its short question; a later talk finds the others. */
  #nameable(peer: Peer, held: Iterable<SharedReplica>): SharedReplica[] {
    const named: SharedReplica[] = []
    for (const each of held) {
      if (!this.#parts.limits.admitsNaming(peer.bringer)) {
        this.#around.drops.count('reconciliation: more names than one neighbour is told')
        break
      }
      named.push(each)
    }
    return named
  }

  /** Undefined where the neighbour asks too much; with whom nothing is shared costs nothing to look through. */
  #treeFor({ id, bringer }: Peer, ranges: number): RangeTree<SharedReplica> | undefined {
    const { limits, members, shared } = this.#parts
    const isMember = members().includes(id)
    const isWithin =
      limits.admitsRanges(bringer, 1 + ranges) &&
      (!isMember || this.#isBuilt(id) || limits.admitsTree(bringer))
    if (isWithin) return this.#treeOf(id, isMember ? shared : () => [])
    this.#around.drops.count('reconciliation: rate')
    return undefined
  }

  #isBuilt(peer: NodeId): boolean {
    return this.#tree?.peer === peer && this.#tree.untilMs > this.#around.clock.nowMs()
  }

  #treeOf(peer: NodeId, shared: ReconciliationParts['shared']): RangeTree<SharedReplica> {
    if (!this.#tree || !this.#isBuilt(peer)) {
      const tree = new RangeTree(this.#around.crypto, shared(peer))
      this.#tree = { peer, untilMs: this.#around.clock.nowMs() + TREE_LIFE_MS, tree }
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
