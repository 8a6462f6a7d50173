// Dials the nodes that have a place in leaf set or table: a few at a time, the ring's nearest first, none that failed of
// late. A wanted neighbour that cannot be linked (two nodes behind unfriendly NATs) is asked for over the ring; if it
// answers there, it is a member all the same.

import { compareDistance, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { codeOf } from '../base/errors.ts'
import { EMPTY } from '../base/bytes.ts'
import { type Routes } from '../ports/routes.ts'
import { type Links } from '../transport/links.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Membership } from './membership.ts'

/** Enough to fill a leaf set in two round trips; few enough that a burst of gossip is no burst of handshakes. */
const MAX_PARALLEL_DIALS = 8
const PING_TIMEOUT_MS = 4000
/** Unlinked members have no transport that watches them. */
const VERIFY_PERIOD_MS = 30_000

export class LinkKeeper {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #membership: Membership
  readonly #routes: Routes
  readonly #dialling = new Set<NodeId>()
  #waiting = new Map<NodeId, PeerRecord>()

  constructor(around: Surroundings, links: Links, membership: Membership, routes: Routes) {
    this.#around = around
    this.#links = links
    this.#membership = membership
    this.#routes = routes
    routes.register(APPLICATION.ping, { deliver: () => EMPTY })
  }

  start(): void {
    this.#around.timers.every(
      () => VERIFY_PERIOD_MS * (0.8 + 0.4 * this.#around.random.unit()),
      () => this.#verifyUnlinked(),
    )
  }

  /** Records from gossip; the useful ones are dialled. */
  learn(records: readonly PeerRecord[]): void {
    for (const record of records) if (this.#membership.directory.learn(record)) this.#consider(record)
    this.#pump()
  }

  /** Looks again at everybody known, after places fell free or blocks ran out. */
  review(): void {
    for (const record of this.#membership.directory.candidates()) this.#consider(record)
    this.#pump()
  }

  #consider(record: PeerRecord): void {
    if (this.#isWorthDialling(record.id)) this.#waiting.set(record.id, record)
  }

  #isWorthDialling(id: NodeId): boolean {
    if (this.#dialling.has(id) || this.#membership.linkTo(id)) return false
    return this.#membership.hasPlaceFor(id) && !this.#membership.directory.isBlocked(id)
  }

  #pump(): void {
    while (this.#dialling.size < MAX_PARALLEL_DIALS) {
      const record = this.#nearestWaiting()
      if (!record) return
      this.#waiting.delete(record.id)
      if (this.#isWorthDialling(record.id)) void this.#dial(record)
    }
  }

  #nearestWaiting(): PeerRecord | undefined {
    let nearest: PeerRecord | undefined
    for (const record of this.#waiting.values())
      if (!nearest || compareDistance(this.#membership.self, record.id, nearest.id) < 0) nearest = record
    return nearest
  }

  async #dial(record: PeerRecord): Promise<void> {
    this.#dialling.add(record.id)
    try {
      await this.#links.dial({ noiseKey: record.noiseKey, addresses: record.addresses, id: record.id })
    } catch (error) {
      this.#around.drops.count(`dial: ${codeOf(error)}`)
      await this.#askOverRing(record)
    }
    this.#dialling.delete(record.id)
    this.#pump()
  }

  /** A neighbour that cannot be linked may still be there. */
  async #askOverRing(record: PeerRecord): Promise<void> {
    const { directory, leafSet } = this.#membership
    directory.failed(record.id)
    if (!leafSet.wants(record.id)) return
    if (await this.#answersOverRing(record.id)) this.#membership.admitUnlinked(record)
  }

  async #answersOverRing(id: NodeId): Promise<boolean> {
    const options = { timeoutMs: PING_TIMEOUT_MS, isExact: true }
    return this.#routes.request(id, APPLICATION.ping, EMPTY, options).then(
      () => true,
      () => false, // every reason means the same here: not to be reached now
    )
  }

  #verifyUnlinked(): void {
    for (const id of this.#membership.members()) if (!this.#membership.linkTo(id)) void this.#verify(id)
  }

  async #verify(id: NodeId): Promise<void> {
    if ((await this.#answersOverRing(id)) || this.#membership.linkTo(id)) return
    this.#membership.directory.failed(id)
    this.#membership.remove(id)
  }

  /** A report that an unlinked member is gone. */
  doubt(id: NodeId): void {
    if (this.#membership.leafSet.has(id) && !this.#membership.linkTo(id)) void this.#verify(id)
  }
}
