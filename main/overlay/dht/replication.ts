// Keeps every record on the nodes that are responsible for it now. Responsible for a root key are the 4 closest nodes of
// the leaf set. When that set changes, a holder offers the record's key and sequence to those who became responsible;
// they ask for what they lack. A holder that stopped being responsible offers to all who are, and keeps the record for a
// grace: an offer in flight, or a leaf set that changes back, must not lose it.
//
// Every holder offers, because those better placed may be dead and not yet found out. But the two best-placed offer at
// once and the others a little later: by then the receivers have what they lacked, and the same record is not sent to
// them four times.

import { compareDistance, type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Neighbourhood } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeOffer,
  decodeWant,
  encodeOffer,
  encodeStore,
  encodeWant,
  MAX_OFFERED,
  type ReplicaOffer,
  ROOT_COUNT,
} from '../wire/dht-messages.ts'
import { type Replica, type ReplicaStore } from './replica-store.ts'

/** r = 8 replicas (DESIGN §6), half at each root. */
export const REPLICAS_PER_ROOT = 4
const PROMPT_HOLDERS = 2
/** Longer than it takes to find out that a neighbour is silent (3 s). */
const LATE_OFFER_MS = 4000
/** Joins and deaths come in bursts. */
const SETTLE_MS = 1000
/** A neighbour that no link leads to yet is offered its share when one does; looked at again after this, doubling. */
const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 60_000
const GRACE_MS = 600_000
const SWEEP_PERIOD_MS = 60_000
/** Catches what a lost offer or a partition left behind. */
const FULL_PASS_PERIOD_MS = 30 * 60_000
/** Replicas sent after an offer are not waited for. */
const NO_TOKEN = 0

/** By root index and receiver, in one string. */
type Offers = Map<string, ReplicaOffer[]>

export class Replication {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #ring: Neighbourhood
  readonly #replicas: ReplicaStore
  /** The leaf set of the last pass, without those that an offer did not reach. */
  #before: ReadonlySet<NodeId> = new Set()
  #isPassDue = false
  #retryMs = FIRST_RETRY_MS

  constructor(around: Surroundings, links: Links, ring: Neighbourhood, replicas: ReplicaStore) {
    this.#around = around
    this.#links = links
    this.#ring = ring
    this.#replicas = replicas
    ring.onChange(() => this.#passSoon())
  }

  start(): void {
    const { timers, random } = this.#around
    timers.every(
      () => SWEEP_PERIOD_MS,
      () => void this.#sweep(),
    )
    timers.every(
      () => FULL_PASS_PERIOD_MS * (0.8 + 0.4 * random.unit()),
      () => this.#pass(new Set()),
    )
  }

  responsible(rootKey: Id): NodeId[] {
    return this.#ring.closest(rootKey, REPLICAS_PER_ROOT)
  }

  onOffer(link: Link, body: Reader): void {
    const { rootIndex, offers } = decodeOffer(body)
    const wanted = offers.filter(({ key, sequence }) => this.#lacks(key, sequence, rootIndex))
    if (wanted.length > 0)
      link.send(
        encodeWant(
          rootIndex,
          wanted.map(({ key }) => key),
        ),
      )
  }

  async onWant(link: Link, body: Reader): Promise<void> {
    const { rootIndex, keys } = decodeWant(body)
    for (const key of keys) {
      const record = await this.#replicas.read(key)
      if (record) link.send(encodeStore(NO_TOKEN, rootIndex, record))
    }
  }

  #lacks(key: Id, sequence: number, rootIndex: number): boolean {
    const replica = this.#replicas.get(key)
    return !replica || replica.sequence < sequence || (replica.rootMask & (1 << rootIndex)) === 0
  }

  #passSoon(): void {
    if (this.#isPassDue) return
    this.#isPassDue = true
    this.#around.timers.after(SETTLE_MS, () => {
      this.#isPassDue = false
      this.#pass(this.#before)
    })
  }

  #pass(before: ReadonlySet<NodeId>): void {
    const prompt: Offers = new Map()
    const late: Offers = new Map()
    for (const [key, replica] of this.#replicas.entries())
      for (let rootIndex = 0; rootIndex < ROOT_COUNT; rootIndex++)
        if (replica.rootMask & (1 << rootIndex)) {
          const { receivers, isPrompt } = this.#receivers(replica.roots[rootIndex]!, before)
          for (const id of receivers)
            collect(isPrompt ? prompt : late, rootIndex + id, { key, sequence: replica.sequence })
        }
    const missed = this.#offerAll(prompt)
    if (late.size > 0) this.#around.timers.after(LATE_OFFER_MS, () => void this.#offerAll(late))
    this.#before = new Set(this.#ring.members().filter((id) => !missed.has(id)))
    if (missed.size > 0) this.#retryLater()
    else this.#retryMs = FIRST_RETRY_MS
  }

  /** Returns those that no link leads to now. */
  #offerAll(offers: Offers): Set<NodeId> {
    const missed = new Set<NodeId>()
    for (const [place, list] of offers) if (!this.#offer(place, list)) missed.add(idOf(place))
    return missed
  }

  #retryLater(): void {
    this.#around.timers.after(this.#retryMs, () => this.#passSoon())
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
  }

  /** Who is to hear of a record that this node holds for a root key, and whether at once. */
  #receivers(rootKey: Id, before: ReadonlySet<NodeId>): { receivers: NodeId[]; isPrompt: boolean } {
    const self = this.#links.self.id
    const now = this.responsible(rootKey)
    const others = now.filter((id) => id !== self)
    if (!now.includes(self)) return { receivers: others, isPrompt: true }
    const previously = [self, ...before]
      .sort((a, b) => compareDistance(rootKey, a, b))
      .slice(0, REPLICAS_PER_ROOT)
    const holders = now.filter((id) => previously.includes(id))
    return {
      receivers: others.filter((id) => !previously.includes(id)),
      isPrompt: holders.indexOf(self) < PROMPT_HOLDERS,
    }
  }

  /** False where no link leads there now. */
  #offer(place: string, list: ReplicaOffer[]): boolean {
    const rootIndex = Number(place[0])
    const link = this.#links.get(idOf(place))
    if (!link) return false
    for (let i = 0; i < list.length; i += MAX_OFFERED)
      link.send(encodeOffer(rootIndex, list.slice(i, i + MAX_OFFERED)))
    return true
  }

  /** Forgets what has expired, and what others have taken over since the grace began. */
  async #sweep(): Promise<void> {
    const nowMs = this.#around.clock.nowMs()
    const wallMs = this.#around.clock.wallMs()
    for (const [key, replica] of [...this.#replicas.entries()]) {
      const isOurs = this.#isResponsible(replica)
      if (isOurs) replica.graceUntilMs = undefined
      else replica.graceUntilMs ??= nowMs + GRACE_MS
      const isHandedOver = !isOurs && replica.graceUntilMs! <= nowMs
      if (replica.expiresAtMs <= wallMs || isHandedOver) await this.#replicas.forget(key)
    }
  }

  #isResponsible(replica: Replica): boolean {
    const self = this.#links.self.id
    return replica.roots.some(
      (rootKey, i) => (replica.rootMask & (1 << i)) !== 0 && this.responsible(rootKey).includes(self),
    )
  }
}

function collect(offers: Offers, place: string, offer: ReplicaOffer): void {
  const list = offers.get(place)
  if (list) list.push(offer)
  else offers.set(place, [offer])
}

function idOf(place: string): NodeId {
  return place.slice(1) as NodeId
}
