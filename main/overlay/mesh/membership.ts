// SCAMP (Ganesh, Kermarrec, Massoulié 2003): who knows whom in a mesh, so that views have (c+1) ln N members though nobody
// knows N.
//
//   newcomer --subscribe--> any member --a walk of some steps--> contact
//   contact: one copy to each member of its view, and c more to members drawn from it
//   a copy:  each member keeps the newcomer with probability 1 / (1 + its view's size), else passes it on
//   keeper:  dials the newcomer and says hello; the newcomer is held, and knows by whom
//
// A place in a view is a lease. Its member subscribes anew before it ends, and is held by others from then on: that evens out
// what the order of joining has made uneven. Who leaves tells its holders whom to take instead. Who hears of no holder any
// more, or has hardly a neighbour left, subscribes anew through whomever it remembers. What the paper leaves open:
//
//   - a contact takes up a subscription only once it has dialled the subscriber: a forged address costs one call, not fifty;
//   - a subscription played again by another is not taken up: its word is known by then, and its member would sign anew;
//   - a copy that comes to a holder of its member after very many steps is dropped (in a room of three, all hold all);
//   - a member that cannot be dialled from here is passed on, for another may reach it;
//   - a place whose lease is over is kept while the broadcast tree runs over it.

import { type Id, type NodeId } from '../base/id.ts'
import { RecentMap } from '../base/recent-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Reader } from '../wire/codec.ts'
import { type MeshJoin, signMeshJoin, verifyMeshJoin } from '../wire/mesh-join.ts'
import {
  COPY,
  decodeMeshDrop,
  decodeMeshHello,
  decodeMeshLeave,
  decodeMeshSubscribe,
  DROP_REASON,
  encodeMeshDrop,
  encodeMeshHello,
  encodeMeshLeave,
  encodeMeshSubscribe,
  HELLO_ROLE,
  passedOn,
} from '../wire/mesh-messages.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type KnownMembers } from './known-members.ts'
import { type MeshLimits } from './mesh-limits.ts'
import { type MeshOptions } from './mesh-options.ts'
import { Rejoining } from './rejoining.ts'
import { type Neighbour, type View } from './view.ts'

/** Chosen: above what c = 4 gives in a mesh of a million (69), and twice that for the in-view, whose spread is wider. */
const MAX_HELD = 128
const MAX_HOLDERS = 256
/** A copy that comes to one of its member's holders after so many times the view's size: most hold it already. */
const ASTRAY = 8
const MAX_PASSES = 254
/** Of those that a walk has led to, so many try to dial the subscriber. */
const MAX_CONTACTS = 4
/** With up to so many neighbours a member takes up each subscription that a walk ends with, with more of them one in as many. */
const WELL_KNOWN = 30
/** Heartbeats that a holder may miss, and some for their jitter. */
const SILENT_HEARTBEATS = 3.5
/** A subscriber whose contact has not said hello within this may subscribe again. */
const CONTACTED_AGAIN_MS = 3000
/** Who subscribes again after this signs anew: by then its word may have been taken up, and be known to all. */
const SIGNED_ANEW_MS = 30_000
/** Chosen: long enough that coming back is no way to go on, and no verdict for life. */
const EXPELLED_MS = 600_000
const MAX_EXPELLED = 512

export interface MembershipParts {
  mesh: Id
  links: Links
  view: View
  nodeKey: KeyPair
  members: KnownMembers
  limits: MeshLimits
  options: MeshOptions
  /** A link to a member, by whatever way there is; undefined where there is none now. */
  reach: (member: PeerRecord) => Promise<Link | undefined>
  admits: (member: NodeId) => boolean
  /** Of a neighbour that is new, and of one that is none any more. */
  onUp: (neighbour: Neighbour) => void
  onDown: (peer: NodeId, wasEager: boolean) => void
  onJoinSeen: (member: NodeId) => void
  onLeaveSeen: (member: NodeId) => void
}

export class Membership {
  readonly #around: Surroundings
  readonly #parts: MembershipParts
  readonly #view: View
  readonly #rejoining: Rejoining
  /** Dials under way to members that are to be held. */
  readonly #keeping = new Set<NodeId>()
  readonly #contacted = new Map<NodeId, number>()
  readonly #expelled: RecentMap<NodeId, true>
  #signed: MeshJoin
  #renewAtMs: number
  #isLeaving = false

  constructor(around: Surroundings, parts: MembershipParts, contacts: readonly PeerRecord[]) {
    this.#around = around
    this.#parts = parts
    this.#view = parts.view
    this.#signed = this.#sign(around.clock.wallMs())
    this.#renewAtMs = this.#nextRenewalMs()
    this.#expelled = new RecentMap(around.clock, { lifeMs: EXPELLED_MS, limit: MAX_EXPELLED })
    this.#rejoining = new Rejoining(around, {
      view: parts.view,
      members: parts.members,
      contacts,
      floor: parts.options.extraCopies + 1,
      selfId: parts.links.self.id,
      reach: parts.reach,
      subscribe: (link) => this.#subscribeOver(link),
    })
  }

  /** This member's own join, with the addresses it has now. */
  get join(): MeshJoin {
    return { ...this.#signed, member: this.#parts.links.self }
  }

  start(): void {
    this.#rejoining.start()
  }

  /** Tells the in-view whom to hold instead (SCAMP §3.2: all but c + 1 of them), and all others that this member is gone. */
  leave(): void {
    this.#isLeaving = true
    this.#rejoining.stop()
    const held = this.#view.held()
    const neighbours = [...this.#view.all()]
    const holders = neighbours.filter(({ holdsUs }) => holdsUs)
    const replaced = holders.length - (this.#parts.options.extraCopies + 1)
    for (const [i, { id }] of holders.entries()) {
      const replacement = i < replaced && held.length > 0 ? held[i % held.length]!.join : undefined
      const isOther = replacement !== undefined && replacement.member.id !== id
      this.#send(id, encodeMeshLeave(this.#parts.mesh, isOther ? replacement : undefined))
    }
    for (const { id, holdsUs } of neighbours) if (!holdsUs) this.#sendDrop(id, DROP_REASON.stranger)
    for (const { id } of neighbours) this.#view.remove(id)
  }

  linkDown(peer: NodeId): void {
    if (this.#view.has(peer)) this.#remove(peer)
  }

  /** It broke a rule: for a while it is nobody's neighbour here. */
  expel(peer: NodeId): void {
    this.#expelled.set(peer, true)
    this.#parts.members.unreachable(peer)
    this.#sendDrop(peer, DROP_REASON.stranger)
    this.#remove(peer)
  }

  /** Each heartbeat: what is over ends. */
  tick(): void {
    const nowMs = this.#around.clock.nowMs()
    const silentMs = SILENT_HEARTBEATS * this.#parts.options.heartbeatMs
    for (const neighbour of [...this.#view.all()]) {
      if (neighbour.holdsUs && nowMs - neighbour.heardMs > silentMs) this.#view.notHeldBy(neighbour.id)
      if (neighbour.isHeld && !neighbour.isEager && nowMs > neighbour.leaseEndsMs) this.#release(neighbour)
      this.#removeIfNothing(neighbour)
    }
    if (nowMs >= this.#renewAtMs) this.#renew()
    this.#rejoining.look()
  }

  // --- subscriptions ---

  #sign(issuedMs: number): MeshJoin {
    const { links, mesh, nodeKey, options } = this.#parts
    const word = { member: links.self, issuedMs, leaseSeconds: Math.round(options.leaseMs / 1000) }
    return signMeshJoin(this.#around.crypto, nodeKey, mesh, word)
  }

  /** Later than before, also where the clock was set back. */
  #signAnew(): void {
    this.#signed = this.#sign(Math.max(this.#around.clock.wallMs(), this.#signed.issuedMs + 1))
  }

  /** Before the lease ends, each member at another moment. */
  #nextRenewalMs(): number {
    const { clock, random } = this.#around
    return clock.nowMs() + this.#parts.options.leaseMs * (0.7 + 0.2 * random.unit())
  }

  #renew(): void {
    this.#renewAtMs = this.#nextRenewalMs()
    this.#signAnew()
    this.#rejoining.renew()
  }

  #subscribeOver(link: Link): void {
    const { mesh, options } = this.#parts
    const ageMs = Math.abs(this.#around.clock.wallMs() - this.#signed.issuedMs)
    if (ageMs > SIGNED_ANEW_MS) this.#signAnew()
    link.send(encodeMeshSubscribe(mesh, { steps: options.walkSteps, hops: 0, join: this.join }))
  }

  onSubscribe(link: Link, reader: Reader): void {
    const from = link.peer.id
    if (!this.#parts.limits.admitsSubscription(from)) return this.#drop('over the limit of its link')
    const message = reader.whole
    const { steps, hops, join } = decodeMeshSubscribe(reader, this.#around)
    if (steps === COPY) return this.#onCopy(from, message, hops, join)
    if (!this.#parts.limits.admitsWalk(from)) return this.#drop('more walks than one link may bring')
    // Over both views: along partial views alone it would end with the youngest, who are held by most and hold the fewest.
    const goesOn = steps > 0 || !this.#isDrawn()
    const next = goesOn ? this.#view.pick(this.#around.random, from, join.member.id) : undefined
    if (next) this.#send(next.id, passedOn(message, Math.max(0, steps - 1), hops))
    else this.#becomeContact(from, message, hops, join)
  }

  /**
   * Walks come by as often as a member has neighbours. Were they to end so, too, the largest views would be copied most, and all
   * grow by a power of the mesh's size instead of its logarithm.
   */
  #isDrawn(): boolean {
    return this.#around.random.unit() * this.#view.size < WELL_KNOWN
  }

  #becomeContact(from: NodeId, message: Bytes, hops: number, join: MeshJoin): void {
    const { id } = join.member
    const nowMs = this.#around.clock.nowMs()
    if (id === this.#parts.links.self.id) return
    if (nowMs - (this.#contacted.get(id) ?? -Infinity) < CONTACTED_AGAIN_MS) return
    if (this.#parts.members.isSpent(join)) return this.#drop('a subscription played again')
    if (!this.#parts.limits.admitsContact(from)) return this.#drop('more newcomers than one link may bring')
    if (!this.#believes(join)) return
    this.#contacted.set(id, nowMs)
    this.#around.timers.after(CONTACTED_AGAIN_MS, () => this.#contacted.delete(id))
    void this.#parts.reach(join.member).then((link) => {
      if (this.#isLeaving) return
      if (link) this.#takeUp(link, join)
      else this.#tryElsewhere(from, message, hops, id)
    })
  }

  /** One step on, where this node cannot reach the subscriber: another may. */
  #tryElsewhere(from: NodeId, message: Bytes, hops: number, subscriber: NodeId): void {
    const next = this.#view.pick(this.#around.random, from, subscriber)
    if (next && hops < MAX_CONTACTS) this.#send(next.id, passedOn(message, 0, hops + 1))
    else this.#drop('nobody at its addresses')
  }

  /** As the subscription's contact: the subscriber may hold us, and the copies go out. */
  #takeUp(link: Link, join: MeshJoin): void {
    const { mesh, options } = this.#parts
    const { id } = join.member
    link.send(encodeMeshHello(mesh, HELLO_ROLE.contact, this.join))
    const copy = encodeMeshSubscribe(mesh, { steps: COPY, hops: 0, join })
    const others = this.#view.held().filter((neighbour) => neighbour.id !== id)
    // Whoever is alone holds the first that comes.
    if (others.length === 0) return void this.#hold(link, join)
    for (const neighbour of others) this.#send(neighbour.id, copy)
    for (let i = 0; i < options.extraCopies; i++)
      this.#send(others[this.#around.random.below(others.length)]!.id, copy)
  }

  #onCopy(from: NodeId, message: Bytes, hops: number, join: MeshJoin): void {
    const { id } = join.member
    const size = this.#view.heldCount
    const canKeep =
      id !== this.#parts.links.self.id &&
      !this.#view.isHeld(id) &&
      !this.#keeping.has(id) &&
      size + this.#keeping.size < MAX_HELD
    if (!canKeep || this.#around.random.unit() >= this.#parts.options.acceptance / (1 + size))
      return this.#passOn(from, message, hops, join)
    if (!this.#parts.limits.admitsKeeping(from)) return this.#drop('more newcomers than one link may bring')
    if (!this.#believes(join)) return
    this.#keep(join, () => this.#passOn(from, message, hops, join))
  }

  #passOn(from: NodeId, message: Bytes, hops: number, join: MeshJoin): void {
    const { id } = join.member
    const next = this.#view.pickHeld(this.#around.random, from, id)
    const isHeld = this.#view.isHeld(id)
    const limit = isHeld ? ASTRAY * (1 + this.#view.heldCount) : MAX_PASSES
    if (next && hops < Math.min(limit, MAX_PASSES))
      return this.#send(next.id, passedOn(message, COPY, hops + 1))
    // Where all hold all there is nobody else to take up a renewal.
    if (isHeld && this.#believes(join)) this.#view.hold(id, this.#leaseEndsMs(join))
    else this.#drop('found no holder')
  }

  #leaseEndsMs({ leaseSeconds }: MeshJoin): number {
    return this.#around.clock.nowMs() + Math.min(1000 * leaseSeconds, this.#parts.options.leaseMs)
  }

  #keep(join: MeshJoin, otherwise: () => void): void {
    const { id } = join.member
    this.#keeping.add(id)
    void this.#parts
      .reach(join.member)
      .then((link) => {
        if (this.#isLeaving) return
        if (link) this.#hold(link, join)
        else otherwise()
      })
      .finally(() => this.#keeping.delete(id))
  }

  #hold(link: Link, join: MeshJoin): void {
    const { neighbour, isNew } = this.#view.meet(join)
    this.#view.hold(neighbour.id, this.#leaseEndsMs(join))
    link.send(encodeMeshHello(this.#parts.mesh, HELLO_ROLE.holder, this.join))
    if (isNew) this.#parts.onUp(neighbour)
  }

  /** Its signature is its member's, the member may be one, and it has not said anything later. */
  #believes(join: MeshJoin): boolean {
    try {
      verifyMeshJoin(this.#around, this.#parts.mesh, join)
    } catch (error) {
      this.#drop(codeOf(error))
      return false
    }
    return this.#sees(join)
  }

  /** Of a join whose signature is known to be good. */
  #sees(join: MeshJoin): boolean {
    if (this.#expelled.get(join.member.id)) return this.#refuse('expelled')
    if (!this.#parts.admits(join.member.id)) return this.#refuse('not admitted by the application')
    const seen = this.#parts.members.joined(join)
    if (seen === 'old') return this.#refuse('an old word of its member')
    if (seen === 'new') this.#parts.onJoinSeen(join.member.id)
    return true
  }

  // --- neighbours ---

  onHello(link: Link, reader: Reader): void {
    const from = link.peer.id
    const { role, join } = decodeMeshHello(reader, this.#around)
    if (join.member.id !== from) throw new BanyanError('refused', 'a hello in the name of another')
    if (!this.#believes(join)) return this.#sendDrop(from, DROP_REASON.stranger)
    if (role === HELLO_ROLE.contact) return this.#onContact(link, join)
    if (this.#view.holderCount >= MAX_HOLDERS) return this.#sendDrop(from, DROP_REASON.stranger)
    const { neighbour, isNew } = this.#view.meet(join)
    this.#view.heldBy(from, this.#around.clock.nowMs())
    if (isNew) this.#parts.onUp(neighbour)
  }

  /** Who has nobody yet holds its contact; others need no more, and did not ask for that. */
  #onContact(link: Link, join: MeshJoin): void {
    if (!this.#rejoining.isAwaitingContact) return this.#drop('a contact that was not asked for')
    this.#rejoining.contacted()
    if (this.#view.heldCount <= this.#parts.options.extraCopies) this.#hold(link, join)
  }

  onDrop(link: Link, reader: Reader): void {
    const reason = decodeMeshDrop(reader)
    const neighbour = this.#view.get(link.peer.id)
    if (!neighbour) return
    this.#view.notHeldBy(neighbour.id)
    if (reason === DROP_REASON.stranger) this.#remove(neighbour.id)
    else this.#removeIfNothing(neighbour)
  }

  onLeave(link: Link, reader: Reader): void {
    const from = link.peer.id
    const replacement = decodeMeshLeave(reader, this.#around)
    const wasHeld = this.#view.isHeld(from)
    if (this.#view.has(from) && this.#parts.members.left(from)) this.#parts.onLeaveSeen(from)
    this.#remove(from)
    // For each place that it had, one other.
    if (!wasHeld || !replacement || replacement.member.id === this.#parts.links.self.id) return
    if (this.#view.isHeld(replacement.member.id) || this.#keeping.has(replacement.member.id)) return
    if (this.#believes(replacement)) this.#keep(replacement, () => this.#drop('a replacement out of reach'))
  }

  onHeartbeat(link: Link): void {
    const from = link.peer.id
    if (this.#view.has(from)) this.#view.heldBy(from, this.#around.clock.nowMs())
    else this.#sendDrop(from, DROP_REASON.stranger)
  }

  #release(neighbour: Neighbour): void {
    this.#view.release(neighbour.id)
    this.#sendDrop(neighbour.id, DROP_REASON.released)
  }

  #removeIfNothing({ id, isHeld, holdsUs }: Neighbour): void {
    if (!isHeld && !holdsUs) this.#remove(id)
  }

  #remove(id: NodeId): void {
    const removed = this.#view.remove(id)
    if (!removed) return
    this.#parts.onDown(id, removed.isEager)
    this.#rejoining.lookSoon()
  }

  #sendDrop(to: NodeId, reason: (typeof DROP_REASON)[keyof typeof DROP_REASON]): void {
    this.#send(to, encodeMeshDrop(this.#parts.mesh, reason))
  }

  #refuse(reason: string): false {
    this.#drop(reason)
    return false
  }

  #drop(reason: string): void {
    this.#around.drops.count(`mesh member: ${reason}`)
  }

  #send(to: NodeId, message: Bytes): void {
    this.#parts.links.get(to)?.send(message)
  }
}
