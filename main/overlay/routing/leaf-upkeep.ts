// Keeps the leaf set true and a quiet node quiet. What costs packets:
//
//   link up to a neighbour      each side tells its leaf set once
//   leaf set changed            after a second, the new state goes to both immediate neighbours, which makes joins that
//                               raced each other meet
//   a member lost               the farthest live member on each side is asked for its state; if the link fell silent,
//                               the other members are told to look for themselves
//   every 20 s to 2 min, by     one random member gets our state, or only its digest where it has that state already
//                               (periodic repair beats reactive repair under churn: Rhea et al., Bamboo, 2004)
//   every 9 s                   the neighbour above gets a probe, unless it has just been heard
//
// Everyone watches the one above, so every death is found within 9 s and the transport's probe timeouts; the others of
// the leaf set then learn of it as a suspicion, probe for themselves, and believe only that.

import { equal, type Bytes } from '../base/bytes.ts'
import { idToBytes, type NodeId } from '../base/id.ts'
import { Pace } from '../base/pace.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Link } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeLeafDigest,
  decodeLeafState,
  decodeSuspect,
  DIGEST_BYTES,
  encodeLeafDigest,
  encodeLeafState,
  encodeSuspect,
  LEAF_REQUEST,
} from '../wire/leaf-messages.ts'
import { type LeafExchange } from './leaf-exchange.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'

/** Adapted to how much changes. */
const LEAST_EXCHANGE_MS = 20_000
const MOST_EXCHANGE_MS = 120_000
/** 4 packets each period (a probe and its ack, on both sides): 0.44 packets per second. */
const WATCH_PERIOD_MS = 9000
/** Long enough to gather a burst of joins into one message. */
const PUSH_DELAY_MS = 1000
const REPAIR_DELAY_MS = 300
/** On each side of a suspect: what took one away (a room without power) may have taken its neighbours on the ring. */
const SUSPECTS_BESIDE = 2

interface Exchanged {
  sent?: Bytes
  received?: Bytes
}

export class LeafUpkeep {
  readonly #around: Surroundings
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #overRing: LeafExchange
  readonly #pace = new Pace(LEAST_EXCHANGE_MS, MOST_EXCHANGE_MS)
  /** Digests of the last states that crossed each link. */
  readonly #exchanged = new Map<NodeId, Exchanged>()
  readonly #heardMs = new Map<NodeId, number>()
  #push: Timer | undefined
  #repair: Timer | undefined

  constructor(around: Surroundings, membership: Membership, keeper: LinkKeeper, overRing: LeafExchange) {
    this.#around = around
    this.#membership = membership
    this.#keeper = keeper
    this.#overRing = overRing
    membership.onChange(() => {
      this.#pace.changed()
      this.#pushSoon()
    })
  }

  start(): void {
    const { timers, random } = this.#around
    timers.every(
      () => this.#pace.next() * (0.8 + 0.4 * random.unit()),
      () => this.#exchange(),
    )
    timers.every(
      () => WATCH_PERIOD_MS,
      () => this.#watchAbove(),
    )
  }

  linkUp(link: Link): void {
    this.#exchanged.delete(link.peer.id)
    if (this.#membership.leafSet.has(link.peer.id)) this.#sendState(link)
  }

  linkDown(id: NodeId, wasMember: boolean, isDead: boolean): void {
    this.#exchanged.delete(id)
    this.#heardMs.delete(id)
    if (!wasMember) return
    if (isDead) this.#spreadSuspicion(id)
    this.#repairSoon()
  }

  heard(id: NodeId): void {
    this.#heardMs.set(id, this.#around.clock.nowMs())
  }

  onState(link: Link, body: Reader): void {
    const records = decodeLeafState(body, this.#around)
    this.#of(link.peer.id).received = this.#digest(records.map((record) => record.id))
    this.#keeper.learn(records)
  }

  onDigest(link: Link, body: Reader): void {
    const digest = decodeLeafDigest(body)
    const { received } = this.#of(link.peer.id)
    if (!received || !equal(received, digest)) link.send(LEAF_REQUEST)
    if (this.#isNewTo(link.peer.id)) this.#sendState(link)
  }

  onRequest(link: Link, body: Reader): void {
    body.end()
    this.#sendState(link)
  }

  /** Never believed: the transport's own probe says whether the node is gone. */
  onSuspect(body: Reader): void {
    const id = decodeSuspect(body)
    if (!this.#membership.leafSet.has(id)) return
    const link = this.#membership.linkTo(id)
    if (!link) return this.#keeper.doubt(id)
    link.probe()
    for (const beside of this.#membership.leafSet.beside(id, SUSPECTS_BESIDE)) this.#probeIfQuiet(beside)
  }

  #probeIfQuiet(id: NodeId): void {
    const silentMs = this.#around.clock.nowMs() - (this.#heardMs.get(id) ?? -Infinity)
    if (silentMs >= WATCH_PERIOD_MS / 4) this.#membership.linkTo(id)?.probe()
  }

  #sendState(link: Link): void {
    this.#of(link.peer.id).sent = this.#ownDigest()
    link.send(encodeLeafState(this.#membership.leafSet.records()))
  }

  #exchange(): void {
    this.#membership.refill()
    this.#keeper.review()
    const members = this.#membership.members()
    const member = members[this.#around.random.below(Math.max(1, members.length))]
    const link = member && this.#membership.linkTo(member)
    if (link && !this.#isNewTo(link.peer.id)) link.send(encodeLeafDigest(this.#ownDigest()))
    else this.#tell(member)
  }

  /** Our state over the link there is, or a comparison over the ring. */
  #tell(member: NodeId | undefined): void {
    const link = member && this.#membership.linkTo(member)
    if (link) this.#sendState(link)
    else if (member) void this.#overRing.ask(member)
  }

  #watchAbove(): void {
    const above = this.#membership.leafSet.above[0]
    if (above) this.#probeIfQuiet(above)
  }

  #pushSoon(): void {
    this.#push ??= this.#around.timers.after(PUSH_DELAY_MS, () => {
      this.#push = undefined
      const { above, below } = this.#membership.leafSet
      for (const id of new Set([above[0], below[0]])) {
        if (id && this.#isNewTo(id)) this.#tell(id)
      }
    })
  }

  #repairSoon(): void {
    this.#repair ??= this.#around.timers.after(REPAIR_DELAY_MS, () => {
      this.#repair = undefined
      this.#membership.refill()
      this.#keeper.review()
      const { above, below } = this.#membership.leafSet
      const asked = new Set([this.#farthestLinked(above), this.#farthestLinked(below)])
      for (const link of asked) link?.send(LEAF_REQUEST)
    })
  }

  #farthestLinked(side: readonly NodeId[]): Link | undefined {
    for (let i = side.length - 1; i >= 0; i--) {
      const link = this.#membership.linkTo(side[i]!)
      if (link) return link
    }
    return undefined
  }

  #spreadSuspicion(id: NodeId): void {
    const message = encodeSuspect(id)
    for (const member of this.#membership.members()) this.#membership.linkTo(member)?.send(message)
  }

  #isNewTo(id: NodeId): boolean {
    const { sent } = this.#of(id)
    return !sent || !equal(sent, this.#ownDigest())
  }

  #ownDigest(): Bytes {
    return this.#digest(this.#membership.leafSet.ids())
  }

  #digest(ids: NodeId[]): Bytes {
    return this.#around.crypto.hash(...ids.sort().map(idToBytes)).slice(0, DIGEST_BYTES)
  }

  #of(id: NodeId): Exchanged {
    let exchanged = this.#exchanged.get(id)
    if (!exchanged) this.#exchanged.set(id, (exchanged = {}))
    return exchanged
  }
}
