// Keeps every record on the nodes that are responsible for it now (placement.ts). When the leaf set changes, a holder offers
// the record's key and version to those who became responsible; they ask for what they lack. A holder that stopped being
// responsible offers to all who are, and keeps the record for a grace: an offer in flight, or a leaf set that changes
// back, must not lose it.
//
//   - Every holder looks after it, because those better placed may be dead and not yet found out. But the two best-placed
//     offer at once, and the others compare fingerprints with the newcomers a little later (reconciliation.ts): by then
//     they have what they lacked, and nothing is named four times.
//   - The holders at one root look after the other root too, where their leaf set reaches it: all four there may have died
//     at once, and then nobody else is left who could. They cannot tell by who seems to have stayed: of four that died one is found
//     out after the other, and those that took their places have nothing to pass on.
//   - A holder that a record came to by an offer offers it on: whoever sent it may have died before it knew of the nodes
//     known here.
//   - What is kept for a root that the leaf set does not reach is put there by routing (rehoming.ts).
//   - Every half hour whoever is closest to one root puts the record at the other: all holders there may have died at once.
//   - Where an offer or a record was not acknowledged, fingerprints are compared later, or where the two are no holders at the
//     same root, the very offer is made again. And from time to time with one neighbour in turn, whatever
//     happened (comparisons.ts): what slipped through all of that is found.

import { compareDistance, type Id, type NodeId } from '../base/id.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Neighbourhood } from '../ports/routes.ts'
import { type DhtRecord } from '../api.ts'
import { BACKGROUND } from '../transport/urgency.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeOffer,
  decodeWant,
  encodeOffer,
  encodeWant,
  MAX_OFFERED,
  type ReplicaOffer,
  type ReplicaVersion,
  ROOT_COUNT,
} from '../wire/dht-messages.ts'
import { Awaited } from './awaited.ts'
import { Comparisons } from './comparisons.ts'
import { Handovers } from './handovers.ts'
import { digestOf } from './range-tree.ts'
import { Reconciliation, type SharedReplica } from './reconciliation.ts'
import { isOlder } from './record-rules.ts'
import { type NeighbourLimits } from './neighbour-limits.ts'
import { type Peer, type Peers } from './peers.ts'
import { placement, REPLICAS_PER_ROOT } from './placement.ts'
import { Rehoming } from './rehoming.ts'
import { FIRST_RETRY_MS, Retries } from './retries.ts'
import { Settling } from './settling.ts'
import { Sweeping } from './sweeping.ts'
import { type Placed, type Replica, type ReplicaStore, rootKeys } from './replica-store.ts'

const PROMPT_HOLDERS = 2
/** Longer than it takes to find out that a neighbour is silent (3 s). */
const LATE_OFFER_MS = 4000
/** A record each, from one node for each root; what it is for, the death of all four, is rare. */
const OTHER_ROOT_PERIOD_MS = 1_800_000
/** Four consecutive nodes keep a record at one root, so no two that share one are farther apart on the ring. */
const SHARING_PER_SIDE = REPLICAS_PER_ROOT - 1
const NOTHING = (): void => undefined
/** By receiver. */
type Offers = Map<NodeId, ReplicaOffer[]>

export interface ReplicationParts {
  self: NodeId
  peers: Peers
  ring: Neighbourhood
  replicas: ReplicaStore
  limits: NeighbourLimits
  /** Puts a record that is kept here at one of its roots, by routing, and says whether it is there now. */
  putAtRoot: (key: Id, rootIndex: number) => Promise<boolean>
  isForming: () => boolean
}

export class Replication {
  readonly #limits: NeighbourLimits
  readonly #around: Surroundings
  readonly #self: NodeId
  readonly #peers: Peers
  readonly #ring: Neighbourhood
  readonly #replicas: ReplicaStore
  readonly #awaited: Awaited
  readonly #handovers: Handovers
  readonly #rehoming: Rehoming
  readonly #sweeping: Sweeping
  readonly #putAtRoot: (key: Id, rootIndex: number) => Promise<boolean>
  /** The leaf set of the last pass. */
  #before: readonly NodeId[] = []
  readonly #reconciliation: Reconciliation
  readonly #comparisons: Comparisons
  readonly #retries: Retries
  readonly #settling: Settling
  /** Came by an offer since the last pass. */
  readonly #fresh = new LeanSet<Id>()
  #flushLate = NOTHING

  constructor(around: Surroundings, parts: ReplicationParts) {
    const { self, peers, ring, replicas, limits, putAtRoot, isForming } = parts
    this.#putAtRoot = putAtRoot
    this.#limits = limits
    this.#rehoming = new Rehoming(around.timers, (key, rootIndex) => this.#putHome(key, rootIndex))
    this.#around = around
    this.#self = self
    this.#peers = peers
    this.#ring = ring
    this.#replicas = replicas
    this.#sweeping = new Sweeping(around, replicas, () => this.#responsibility())
    this.#awaited = new Awaited(around.clock)
    const read = (key: Id): Promise<DhtRecord | undefined> => replicas.read(key)
    this.#handovers = new Handovers(around, read, (peer) => this.missed(peer))
    this.#reconciliation = new Reconciliation(around, {
      ...{ peers, limits, members: () => ring.members() },
      shared: (peer) => this.#shared(peer),
      offer: (peer, lacking) => this.#offerLacking(peer, lacking),
      want: (peer, lacking) => this.#wantOurs(peer, lacking),
      onMissed: (peer) => this.missed(peer),
    })
    this.#retries = new Retries(around, {
      members: () => ring.members(),
      compare: (id) => this.#reconciliation.open(id),
      offer: (id, offers) => this.#offer(id, offers),
    })
    this.#settling = new Settling(around, isForming, () => this.#pass())
    this.#comparisons = new Comparisons(around, {
      sharers: () => this.#sharers(),
      isLinked: (id) => peers.to(id).link !== undefined,
      compare: (id) => {
        if (replicas.usage.count > 0 && this.#shared(id).length > 0) this.#reconciliation.open(id)
      },
    })
    ring.onChange(() => this.#ringChanged())
  }

  start(): void {
    const { timers, random } = this.#around
    this.#sweeping.start()
    timers.every(
      () => OTHER_ROOT_PERIOD_MS * (0.8 + 0.4 * random.unit()),
      () => this.#lookAfterOtherRoots(),
    )
  }

  /** For each root who is to keep the record, closest first. */
  responsible(roots: readonly Id[]): NodeId[][] {
    return this.#placed(roots, this.#ring.members())
  }

  /** What was sent to a node did not arrive: it is compared with again. */
  missed(id: NodeId): void {
    this.#retries.missed(id)
  }

  /** A record that came by an offer is offered on, when those that had it too have had their turn. */
  received(key: Id): void {
    this.#fresh.add(key)
    if (this.#fresh.size === 1) this.#around.timers.after(LATE_OFFER_MS, () => this.#pass())
  }

  onOffer(peer: Peer, body: Reader): void {
    const offers = decodeOffer(body)
    for (const offer of offers)
      if (!this.#isLacking(offer)) void this.#replicas.alsoFor(offer.key, offer.rootIndex)
    // The offer was acknowledged, so its sender does not make it again when the question is lost. It is asked once more
    // over the link that took this one's place, or another way.
    this.#want(peer, offers, (lost) => {
      this.#around.timers.after(FIRST_RETRY_MS, () => this.#want(this.#peers.to(peer.id), lost))
    })
  }

  onFingerprints(peer: Peer, body: Reader): void {
    this.#reconciliation.onFingerprints(peer, body)
  }

  onHoldings(peer: Peer, body: Reader): void {
    this.#reconciliation.onHoldings(peer, body)
  }

  #isLacking(offer: ReplicaVersion): boolean {
    const replica = this.#replicas.get(offer.key)
    return !replica || isOlder(replica, offer)
  }

  #want(peer: Peer, offers: readonly ReplicaOffer[], onLost?: (offers: ReplicaOffer[]) => void): void {
    const { usage, quotaBytes } = this.#replicas
    // It would be sent in vain, again with every comparison.
    if (usage.bytes >= quotaBytes) return this.#around.drops.count('offer: no room')
    const lacking = offers.filter((offer) => this.#isLacking(offer))
    const wanted = lacking.filter(
      ({ key }) => this.#limits.admitsAskingFor(peer.bringer) && this.#awaited.add(peer.id, key),
    )
    for (let i = wanted.length; i < lacking.length; i++) this.#around.drops.count('offer: too many')
    if (wanted.length > 0) this.#comparisons.unsettled()
    for (let rootIndex = 0; rootIndex < ROOT_COUNT; rootIndex++) {
      const here = wanted.filter((offer) => offer.rootIndex === rootIndex)
      const reported = (isDelivered: boolean) => {
        if (!isDelivered) onLost?.(here)
      }
      for (const keys of inPieces(here.map(({ key }) => key)))
        peer.send(encodeWant(rootIndex, keys), reported, BACKGROUND)
    }
  }

  /** The space given was changed. */
  makeRoom(): void {
    this.#sweeping.makeRoom()
  }

  onWant(peer: Peer, body: Reader): void {
    const { rootIndex, keys } = decodeWant(body)
    this.#comparisons.unsettled()
    const admitted = keys.filter((key) =>
      this.#limits.admitsHandover(peer.bringer, this.#replicas.get(key)?.bytes ?? 0),
    )
    for (let i = admitted.length; i < keys.length; i++) this.#around.drops.count('want: rate')
    this.#handovers.add(peer, rootIndex, admitted)
  }

  /** Whether this neighbour was asked for the record; the answer counts once. */
  isAwaited(from: NodeId, key: Id): boolean {
    return this.#awaited.take(from, key)
  }

  linkDown(peer: NodeId): void {
    this.#awaited.forget(peer)
  }

  /** Where nothing is kept, there is nothing to offer to whoever came; only what comes later is. */
  #ringChanged(): void {
    this.#comparisons.unsettled()
    const members = this.#ring.members()
    if (this.#replicas.usage.count === 0 && !this.#settling.isPending) this.#before = members
    else this.#settling.changed(this.#isLoss(members))
  }

  /** Somebody within the leaf set went; those whose places nearer ones took are beyond it now. */
  #isLoss(members: readonly NodeId[]): boolean {
    return this.#before.some((id) => !members.includes(id) && this.#ring.covers(id))
  }

  /** Offers every record to those that became responsible since the last pass. */
  #pass(): void {
    const members = this.#ring.members()
    if (this.#fresh.size === 0 && isSameSet(members, this.#before)) return
    const change = changeOf(this.#before, members)
    const prompt: Offers = new Map()
    const late: Offers = new Map()
    const compared = new Set<NodeId>()
    for (const [key, replica] of this.#replicas.entries()) {
      const isFresh = this.#fresh.has(key)
      const isUnmoved = this.#isUnmoved(replica, change)
      const then = isFresh ? this.#placed(replica.roots, []) : this.#hadThen(replica)
      if (!isUnmoved) replica.placed = this.#place(replica.roots, members)
      const now = replica.placed!
      now.among = members
      if (!isUnmoved || isFresh) this.#rehome(key, replica, now)
      if (isUnmoved && !isFresh) continue
      for (const { rootIndex, id, how } of this.#shares(replica, now.holders, then))
        if (how === 'compared') compared.add(id)
        else collect(how === 'offered' ? prompt : late, id, offerOf(rootIndex, key, replica))
    }
    this.#fresh.clear()
    this.#before = members
    this.#offerAll(prompt)
    this.#followLater(late, compared)
  }

  /**
   * What is kept for a root out of sight. Where others were the holders when it was last in sight, they were offered the
   * record then, and it needs nothing more. A root that this node is a holder at may be lost from sight.
   */
  #rehome(key: Id, replica: Replica, { covered, holders }: Placed): void {
    const ours = holders.reduce((mask, ids, i) => mask | (ids.includes(this.#self) ? 1 << i : 0), 0)
    replica.rehomed = ((replica.rehomed ?? 0) & ~(covered & ours)) | (covered & ~ours)
    const homeless = replica.rootMask & ~covered & ~replica.rehomed
    for (const i of replica.roots.keys()) if ((homeless & (1 << i)) !== 0) this.#rehoming.add(key, i)
  }

  #lookAfterOtherRoots(): void {
    for (const [key, replica] of this.#replicas.entries()) {
      const { covered, holders } = (replica.placed ??= this.#place(replica.roots, this.#ring.members()))
      const isFirst = holders.some((ids, i) => (covered & (1 << i)) !== 0 && ids[0] === this.#self)
      if (isFirst)
        for (const i of replica.roots.keys()) if ((covered & (1 << i)) === 0) this.#rehoming.add(key, i)
    }
  }

  async #putHome(key: Id, rootIndex: number): Promise<boolean> {
    const replica = this.#replicas.get(key)
    if (!replica || this.#ring.covers(replica.roots[rootIndex]!)) return true
    const isHome = await this.#putAtRoot(key, rootIndex)
    if (isHome) replica.rehomed = (replica.rehomed ?? 0) | (1 << rootIndex)
    return isHome
  }

  #holdersThen({ placed, roots }: Replica): NodeId[][] {
    return placed?.among === this.#before ? placed.holders : this.#placed(roots, this.#before)
  }

  /** Where it is not known that anybody kept it at a root, which may only now have come into sight, nobody did. */
  #hadThen(replica: Replica): NodeId[][] {
    const { placed, rootMask, rehomed = 0 } = replica
    const known = (placed?.among === this.#before ? placed.covered : rootMask) | rehomed
    return this.#holdersThen(replica).map((holders, i) => ((known & (1 << i)) !== 0 ? holders : []))
  }

  /** Nobody who went was a holder, and nobody who came is as close as the farthest of them: the usual case, and soon seen. */
  #isUnmoved({ placed, roots }: Replica, { came, went }: Change): boolean {
    if (!placed || placed.among !== this.#before || placed.covered !== this.#coveredOf(roots)) return false
    return placed.holders.every(
      (holders, i) =>
        holders.length === REPLICAS_PER_ROOT &&
        !went.some((id) => holders.includes(id)) &&
        !came.some((id) => compareDistance(roots[i]!, id, holders[REPLICAS_PER_ROOT - 1]!) < 0),
    )
  }

  #place(roots: readonly Id[], members: readonly NodeId[]): Placed {
    return { among: members, holders: this.#placed(roots, members), covered: this.#coveredOf(roots) }
  }

  #coveredOf(roots: readonly Id[]): number {
    let covered = 0
    for (const [i, rootKey] of roots.entries()) if (this.#ring.covers(rootKey)) covered |= 1 << i
    return covered
  }

  /** Not before the prompt holders' offers have had their effect, unless the leaf set changes again: they may be gone. */
  #followLater(late: Offers, compared: ReadonlySet<NodeId>): void {
    this.#flushLate()
    if (late.size === 0 && compared.size === 0) return
    const timer = this.#around.timers.after(LATE_OFFER_MS, () => this.#flushLate())
    this.#flushLate = () => {
      this.#flushLate = NOTHING
      timer.cancel()
      this.#offerAll(late)
      for (const peer of compared) this.#reconciliation.open(peer)
    }
  }

  #offerAll(offers: Offers): void {
    for (const [id, list] of offers) this.#offer(id, list)
  }

  /** Who is to hear of a record that this node keeps, on behalf of which root, and how. */
  #shares(replica: Replica, now: NodeId[][], then: NodeId[][]): Share[] {
    const self = this.#self
    const indexes = this.#indexes(replica).filter((i) => this.#ring.covers(replica.roots[i]!))
    const isHolder = indexes.some((i) => now[i]!.includes(self))
    const isLeaving = !isHolder && indexes.some((i) => then[i]!.includes(self))
    const share = (rootIndex: number, ids: readonly NodeId[], how: Share['how']): Share[] =>
      ids.filter((id) => id !== self).map((id) => ({ rootIndex, id, how }))
    return indexes.flatMap((i) => {
      // Whoever stops being responsible offers once to two, who pass on what they lacked; from then on, like the others, to
      // those who come anew.
      if (isLeaving) return share(i, now[i]!.slice(0, PROMPT_HOLDERS), 'offered')
      const lacking = now[i]!.filter((id) => !then[i]!.includes(id))
      if (promptHolders(now, then, i).includes(self)) return share(i, lacking, 'offered')
      return share(i, lacking, now[i]!.includes(self) ? 'compared' : 'offered late')
    })
  }

  /** What both keep at one root, as the last pass saw it. */
  #shared(peer: NodeId): SharedReplica[] {
    const self = this.#self
    const shared: SharedReplica[] = []
    for (const [key, replica] of this.#replicas.entries()) {
      const { covered, holders } = (replica.placed ??= this.#place(replica.roots, this.#ring.members()))
      const isShared = holders.some(
        (ids, i) => (covered & (1 << i)) !== 0 && ids.includes(self) && ids.includes(peer),
      )
      if (!isShared) continue
      const { sequence, expiresAtMs } = replica
      replica.digest ??= digestOf(this.#around.crypto, key, sequence, expiresAtMs)
      shared.push({ key, sequence, expiresAtMs, digest: replica.digest })
    }
    return shared
  }

  #offerLacking(peer: NodeId, lacking: readonly ReplicaVersion[]): void {
    const offers = lacking.map((version) => {
      const { holders = [] } = this.#replicas.get(version.key)?.placed ?? {}
      return { ...version, rootIndex: holders.findIndex((ids) => ids.includes(peer)) }
    })
    this.#offer(
      peer,
      offers.filter(({ rootIndex }) => rootIndex >= 0),
    )
  }

  /** Of what a neighbour keeps, that which this node is responsible for by its own account. */
  #wantOurs(peer: Peer, lacking: readonly ReplicaVersion[]): void {
    const offers = lacking.map((version) => {
      const holders = this.responsible(rootKeys(this.#around, version.key))
      return { ...version, rootIndex: holders.findIndex((ids) => ids.includes(this.#self)) }
    })
    this.#want(
      peer,
      offers.filter(({ rootIndex }) => rootIndex >= 0),
    )
  }

  /** In a small network anybody may: the holders at one root are passed over at the other. */
  #sharers(): NodeId[] {
    const members = [...this.#ring.members()].sort()
    const at = members.findIndex((id) => id > this.#self)
    const place = at < 0 ? members.length : at
    if (members.length <= 4 * REPLICAS_PER_ROOT) return members
    return Array.from({ length: 2 * SHARING_PER_SIDE }, (_, i) => {
      const step = i < SHARING_PER_SIDE ? i : i - 2 * SHARING_PER_SIDE
      return members[(place + step + members.length) % members.length]!
    })
  }

  #placed(roots: readonly Id[], members: readonly NodeId[]): NodeId[][] {
    return placement(roots, [this.#self, ...members], (rootKey) => this.#ring.covers(rootKey))
  }

  /** The roots that this node can do something for: those it keeps the record for, and those within its leaf set. */
  #indexes(replica: Replica): number[] {
    return replica.roots.flatMap((rootKey, i) =>
      (replica.rootMask & (1 << i)) !== 0 || this.#ring.covers(rootKey) ? [i] : [],
    )
  }

  #offer(id: NodeId, offers: readonly ReplicaOffer[]): void {
    const peer = this.#peers.to(id)
    for (const some of inPieces(offers)) {
      const reported = (isDelivered: boolean) => {
        if (!isDelivered) this.#unheardBy(id, some)
      }
      peer.send(encodeOffer(some), reported, BACKGROUND)
    }
  }

  /** What this node shares with the neighbour, a comparison finds. */
  #unheardBy(id: NodeId, offers: readonly ReplicaOffer[]): void {
    const isShared = ({ key, rootIndex }: ReplicaOffer): boolean =>
      this.#replicas.get(key)?.placed?.holders[rootIndex]?.includes(this.#self) === true
    const kept = offers.filter(({ key }) => this.#replicas.get(key))
    const others = kept.filter((offer) => !isShared(offer))
    if (others.length < kept.length) this.#retries.missed(id)
    if (others.length > 0) this.#retries.unheard(id, others)
  }

  /** Whether this node is responsible for a replica, by the leaf set as it is now. */
  #responsibility(): (replica: Replica) => boolean {
    const isAsPlaced = isSameSet(this.#ring.members(), this.#before)
    return (replica) => {
      const placed = isAsPlaced ? this.#holdersThen(replica) : this.responsible(replica.roots)
      return this.#indexes(replica).some((i) => placed[i]!.includes(this.#self))
    }
  }
}

interface Share {
  rootIndex: number
  id: NodeId
  how: 'offered' | 'offered late' | 'compared'
}

interface Change {
  came: NodeId[]
  went: NodeId[]
}

function changeOf(before: readonly NodeId[], members: readonly NodeId[]): Change {
  return {
    came: members.filter((id) => !before.includes(id)),
    went: before.filter((id) => !members.includes(id)),
  }
}

/** Those that had the record all along offer first: at this root, or where too few are left, at the others. */
function promptHolders(now: readonly NodeId[][], then: readonly NodeId[][], root: number): NodeId[] {
  const stayed = now.map((ids, i) => ids.filter((id) => then[i]!.includes(id)))
  return [...stayed[root]!, ...stayed.flatMap((ids, i) => (i === root ? [] : ids))].slice(0, PROMPT_HOLDERS)
}

function isSameSet(ids: readonly NodeId[], others: readonly NodeId[]): boolean {
  return ids.length === others.length && ids.every((id) => others.includes(id))
}

function collect(offers: Offers, receiver: NodeId, offer: ReplicaOffer): void {
  const list = offers.get(receiver)
  if (list) list.push(offer)
  else offers.set(receiver, [offer])
}

function offerOf(rootIndex: number, key: Id, { sequence, expiresAtMs }: Replica): ReplicaOffer {
  return { rootIndex, key, sequence, expiresAtMs }
}

/** As many as one message names. */
function* inPieces<T>(list: readonly T[]): Generator<T[]> {
  for (let i = 0; i < list.length; i += MAX_OFFERED) yield list.slice(i, i + MAX_OFFERED)
}
