import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { equal } from '../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../main/overlay/base/errors.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import {
  type DialTarget,
  type Link,
  type LinkEvents,
  type Links,
} from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { ModelledLink } from './modelled-link.ts'
import { DIAL_TIMEOUT_MS, type ModelledNetwork } from './modelled-network.ts'

/** One node's side of the modelled network. */
export class ModelledLinks implements Links {
  #self: PeerRecord
  readonly network: ModelledNetwork
  readonly #links = new Map<NodeId, ModelledLink>()
  readonly #dials = new Map<string, { link: Promise<Link>; leadsTo: ModelledLinks | undefined }>()
  #events: LinkEvents | undefined
  #isAlive = true
  #isFrozen = false

  constructor(network: ModelledNetwork, self: PeerRecord) {
    this.network = network
    this.#self = self
    network.attach(this)
  }

  get self(): PeerRecord {
    return this.#self
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get(id: NodeId): Link | undefined {
    return this.#links.get(id)
  }

  all(): Iterable<Link> {
    return this.#links.values()
  }

  on(events: LinkEvents): void {
    this.#events = events
  }

  dial(target: DialTarget): Promise<Link> {
    const key = target.noiseKey.join()
    const pending = this.#dials.get(key)
    const leadsTo = this.network.find(target.addresses)
    if (pending && (!leadsTo || pending.leadsTo === leadsTo)) return pending.link
    // More addresses of the same peer join the dial that is under way, and the first answer is the link.
    const own = this.#dial(target)
    const link = pending ? Promise.any([pending.link, own]).catch(async () => own) : own
    const dial = { link: link.finally(() => this.#forget(key, dial)), leadsTo }
    this.#dials.set(key, dial)
    return dial.link
  }

  #forget(key: string, dial: unknown): void {
    if (this.#dials.get(key) === dial) this.#dials.delete(key)
  }

  /** The machine loses power: nobody is told. Dials to it time out from now on. */
  crash(): void {
    this.#isAlive = false
    this.network.detach(this)
    for (const link of this.#links.values()) link.vanish()
    this.#links.clear()
  }

  /** The process is stopped in its tracks: its links stay up, and nothing that is sent to it is taken or acknowledged. */
  freeze(): void {
    this.#isFrozen = true
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** Another address from now on; links survive, as sessions do. */
  moveTo(addresses: PeerRecord['addresses']): void {
    this.network.detach(this)
    this.#self = { ...this.#self, addresses }
    this.network.attach(this)
  }

  async #dial(target: DialTarget): Promise<Link> {
    const present = target.id && this.#links.get(target.id)
    if (present) return present
    const peer = this.network.find(target.addresses)
    if (peer) this.network.noteCall(this.#self.id, peer.self.id)
    const isReachable = peer && peer !== this && this.network.canLink(this.#self.id, peer.self.id)
    if (!isReachable) {
      await this.#pass(DIAL_TIMEOUT_MS)
      throw new BanyanError('unreachable', 'no answer from any of its addresses')
    }
    await this.#pass(3 * this.network.delayMs(this.#self.id, peer.self.id))
    return this.#connect(peer, target)
  }

  async #connect(peer: ModelledLinks, target: DialTarget): Promise<Link> {
    if (!this.#isAlive) throw new BanyanError('closed', 'this node is gone')
    if (!equal(peer.self.noiseKey, target.noiseKey) || (target.id && target.id !== peer.self.id))
      throw new BanyanError('refused', 'somebody else answered')
    if (!peer.#isAlive) {
      await this.#pass(DIAL_TIMEOUT_MS)
      throw new BanyanError('unreachable', 'no answer from any of its addresses')
    }
    const present = this.#links.get(peer.self.id)
    if (present) return present
    const [near, far] = ModelledLink.pair(this, peer)
    peer.#up(far)
    this.#up(near)
    return near
  }

  #up(link: ModelledLink): void {
    this.#links.get(link.peer.id)?.fall('replaced')
    this.#links.set(link.peer.id, link)
    this.#events?.up(link)
  }

  /** Called by a link that ended, once. */
  ended(link: ModelledLink, reason: string): void {
    if (this.#links.get(link.peer.id) === link) this.#links.delete(link.peer.id)
    if (this.#isAlive) this.#events?.down(link, reason)
  }

  arrived(link: ModelledLink, message: Bytes): void {
    if (this.#isAlive) this.#events?.message(link, message)
  }

  #pass(delayMs: number): Promise<void> {
    const { queue } = this.network
    return new Promise((resolve) => void queue.at(queue.nowMs + delayMs, resolve))
  }
}
