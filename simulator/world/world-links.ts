import { equal, toHex, type Bytes } from '../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../main/overlay/base/errors.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { IdMap } from '../../main/overlay/base/id-map.ts'
import {
  type DialTarget,
  type Link,
  type LinkEvents,
  type Links,
} from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import {
  DIAL_TIMEOUT_MS,
  FIRST_PAUSE_MS,
  LATER_PAUSE_MS,
  INITIATION_BYTES,
  RESPONSE_BYTES,
  SIGNAL_BYTES,
  SIGNAL_PACKETS,
  VAIN_INITIATIONS,
} from './session-costs.ts'
import { UPKEEP } from './traffic-log.ts'
import { WorldLink } from './world-link.ts'
import { type WorldNetwork } from './world-network.ts'

/** One host's sessions in a modelled network. */
export class WorldLinks implements Links {
  readonly network: WorldNetwork
  readonly host: number
  readonly self: PeerRecord
  readonly #links = new IdMap<WorldLink>()
  /** Under way, by noise key; a node at rest has none. */
  #dials: Map<string, Promise<Link>> | undefined
  #events: LinkEvents | undefined
  #isAlive = true
  isFrozen = false

  constructor(network: WorldNetwork, host: number, self: PeerRecord) {
    this.network = network
    this.host = host
    this.self = self
    network.attach(this)
  }

  get size(): number {
    return this.#links.size
  }

  get(id: NodeId): WorldLink | undefined {
    return this.#links.get(id)
  }

  /** As they are now, ring neighbours first. */
  all(): readonly WorldLink[] {
    return this.#links.valuesAround(this.self.id)
  }

  on(events: LinkEvents): void {
    this.#events = events
  }

  dial(target: DialTarget): Promise<Link> {
    const key = toHex(target.noiseKey)
    const dials = (this.#dials ??= new Map<string, Promise<Link>>())
    const pending = dials.get(key)
    if (pending) return pending
    const dial = this.#dial(target).finally(() => {
      dials.delete(key)
      if (dials.size === 0 && this.#dials === dials) this.#dials = undefined
    })
    dials.set(key, dial)
    return dial
  }

  /** A session that is simply there, without a handshake. */
  install(peer: WorldLinks): void {
    if (this.#links.has(peer.self.id)) return
    const [near, far] = WorldLink.pair(this, peer)
    peer.#up(far)
    this.#up(near)
  }

  /** The machine loses power: nobody is told. */
  crash(): void {
    this.#isAlive = false
    this.network.detach(this.host)
    for (const link of this.all()) link.vanish()
    this.#links.clear()
  }

  expectSilenceWhere(isSilent: (peerHost: number) => boolean): void {
    for (const link of this.all()) if (isSilent(link.peerHost)) link.expectSilence()
  }

  settleCounters(): void {
    for (const link of this.all()) link.settleCounters()
  }

  /** Called by a link that ended, once. */
  ended(link: WorldLink, reason: string): void {
    if (this.#links.get(link.peer.id) === link) this.#links.delete(link.peer.id)
    if (this.#isAlive) this.#events?.down(link, reason)
  }

  arrived(link: WorldLink, message: Bytes): void {
    if (this.#isAlive) this.#events?.message(link, message)
  }

  async #dial(target: DialTarget): Promise<Link> {
    const present = target.id && this.#links.get(target.id)
    if (present) return present
    const peer = this.network.find(target.addresses)
    this.network.dials++
    if (peer && peer !== this && this.network.terrain.needsSignal(this.host, peer.host))
      this.network.count(this.host, UPKEEP.handshake, SIGNAL_PACKETS, SIGNAL_BYTES)
    if (!peer || peer === this || !this.network.terrain.canLink(this.host, peer.host))
      return this.#callInVain()
    const spentMs = await this.#waitForCable(peer.host)
    if (spentMs === DIAL_TIMEOUT_MS) return this.#callInVain(spentMs)
    this.network.count(this.host, UPKEEP.handshake, 1, INITIATION_BYTES)
    await this.#pass(this.#handshakeMs(peer.host))
    return this.#connect(peer, target)
  }

  async #connect(peer: WorldLinks, target: DialTarget): Promise<Link> {
    if (!this.#isAlive) throw new BanyanError('closed', 'this node is gone')
    if (!peer.#isAlive || peer.isFrozen || this.network.isCut(this.host, peer.host)) return this.#callInVain()
    this.network.count(peer.host, UPKEEP.handshake, 1, RESPONSE_BYTES)
    if (!equal(peer.self.noiseKey, target.noiseKey) || (target.id && target.id !== peer.self.id))
      throw new BanyanError('refused', 'somebody else answered')
    const present = this.#links.get(peer.self.id)
    if (present) return present
    const [near, far] = WorldLink.pair(this, peer)
    peer.#up(far)
    this.#up(near)
    return near
  }

  /** Initiations go out again and again: one that goes after a cut has ended gets there. How long that took. */
  async #waitForCable(peer: number): Promise<number> {
    let spentMs = 0
    while (spentMs < DIAL_TIMEOUT_MS && this.network.isCut(this.host, peer)) {
      const pauseMs = Math.min(LATER_PAUSE_MS, DIAL_TIMEOUT_MS - spentMs)
      await this.#pass(pauseMs)
      spentMs += pauseMs
    }
    return spentMs
  }

  async #callInVain(spentMs = 0): Promise<never> {
    this.network.failedDials++
    this.network.count(this.host, UPKEEP.handshake, VAIN_INITIATIONS, VAIN_INITIATIONS * INITIATION_BYTES)
    await this.#pass(DIAL_TIMEOUT_MS - spentMs)
    throw new BanyanError('unreachable', 'no answer from any of its addresses')
  }

  /** A round trip, half a one more until the other side may speak, and a signal's way where one must be passed first. */
  #handshakeMs(peer: number): number {
    const { terrain, random } = this.network
    const wayMs = terrain.delayMs(this.host, peer)
    const ways = terrain.needsSignal(this.host, peer) ? 5 : 3
    let delayMs = this.network.transitMs(ways * wayMs)
    while (random.unit() < terrain.lossRate(this.host, peer) && delayMs < DIAL_TIMEOUT_MS) {
      delayMs += FIRST_PAUSE_MS
      this.network.count(this.host, UPKEEP.handshake, 1, INITIATION_BYTES)
    }
    return delayMs
  }

  #up(link: WorldLink): void {
    this.#links.get(link.peer.id)?.fall('replaced')
    this.#links.set(link.peer.id, link)
    this.#events?.up(link)
  }

  #pass(delayMs: number): Promise<void> {
    const { queue } = this.network
    return new Promise((resolve) => void queue.at(queue.nowMs + delayMs, resolve))
  }
}
