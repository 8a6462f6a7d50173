// Helping others to find out who reaches them. B, who is asked, has a stranger of its own choice knock, or knocks from another
// port; C, who is ordered by B, knocks and says so (wire/reach-messages.ts). Nobody is made to send to a third party: the
// asker names no address, B knocks where its own session proves the asker to be or where its own token says that
// somebody asked, and what one peer can make of others is one packet of 9 bytes per message, capped by peer and by target.

import { type NodeId } from '../base/id.ts'
import { familyOf, kindOfHost, ownerRangeOf } from '../base/ip-ranges.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { RecentMap } from '../base/recent-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Address, type DatagramSocket, type OpenSocket } from '../ports/datagram-socket.ts'
import { addressRangeOf } from '../transport/admission.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { encodeKnock } from '../wire/packet-reach.ts'
import {
  decodeKnockAsk,
  decodeKnockDone,
  decodeKnockOrder,
  decodeKnockToken,
  encodeKnockAnswer,
  encodeKnockDone,
  encodeKnockOrder,
  type KnockStatus,
} from '../wire/reach-messages.ts'
import { type Observing } from './observing.ts'
import { type ReachSocket } from './reach-socket.ts'

/** Chosen: a measurement of one family asks at most a dozen times in all, of several peers, and is made once in an hour or two. */
const ASKS = { burst: 12, perSecond: 1 / 15 }
/** Chosen: a peer of many, who orders for all of them. */
const ORDERS = { burst: 30, perSecond: 1 }
/** Chosen: what one address (or /64) is knocked at from here, whoever wants it: 9 bytes in two seconds at most. */
const TARGETS = { burst: 16, perSecond: 1 / 2 }
/** Chosen: all that a node sends for others this way, 200 bytes a second. */
const ALL = { burst: 60, perSecond: 20 }
/** Chosen: strangers that are tried for one question; those with a session of their own refuse. */
const MAX_STRANGERS = 4
const ORDER_LIFE_MS = 10_000
const MAX_ORDERS = 256
/** Chosen: long enough for the asker's questions to the other port, each after the wait for a knock. */
const OTHER_PORT_MS = 8_000
/** Chosen: a socket costs the system some kilobytes; who asks meanwhile hears that we cannot. */
const MAX_OTHER_PORTS = 4

export interface KnockServiceParts {
  links: Links
  socket: ReachSocket
  observing: Observing
  /** Where the session with a peer proves it to be. */
  provenAddress(id: NodeId): Address | undefined
  openSocket: OpenSocket | undefined
}

interface Order {
  readonly asker: Link
  readonly target: Address
  readonly tried: Set<NodeId>
}

export class KnockService {
  readonly #around: Surroundings
  readonly #parts: KnockServiceParts
  readonly #asks: PeerBudgets
  readonly #orders: PeerBudgets
  readonly #targets: PeerBudgets
  readonly #all: TokenBucket
  /** By nonce: what a stranger was ordered to do. */
  readonly #underWay: RecentMap<string, Order>
  #otherPorts = 0

  constructor(around: Surroundings, parts: KnockServiceParts) {
    const { clock } = around
    this.#around = around
    this.#parts = parts
    this.#asks = new PeerBudgets(clock, ASKS.burst, ASKS.perSecond)
    this.#orders = new PeerBudgets(clock, ORDERS.burst, ORDERS.perSecond)
    this.#targets = new PeerBudgets(clock, TARGETS.burst, TARGETS.perSecond)
    this.#all = new TokenBucket(ALL.burst, ALL.perSecond, clock.nowMs())
    this.#underWay = new RecentMap(clock, { lifeMs: ORDER_LIFE_MS, limit: MAX_ORDERS })
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.knockAsk, (link, body) => this.#onAsk(link, body)],
      [MESSAGE.knockOrder, (link, body) => this.#onOrder(link, body)],
      [MESSAGE.knockDone, (link, body) => this.#onDone(link, body)],
      [MESSAGE.knockToken, (link, body) => this.#onToken(link, body)],
    ]
  }

  #onAsk(link: Link, body: Reader): void {
    const { nonce, who } = decodeKnockAsk(body)
    const target = this.#parts.provenAddress(link.peer.id)
    if (!target) return this.#refused('cannot')
    const refusal = this.#refusal(target, this.#asks, link)
    if (refusal) return this.#answer(link, nonce, refusal, target)
    if (who === 'stranger') return this.#orderOne(nonce, { asker: link, target, tried: new Set() })
    void this.#knockFromOtherPort(link, nonce, target)
  }

  /** Finds somebody who may be a stranger to the asker; he himself says whether he is. */
  #orderOne(nonce: string, order: Order): void {
    const { asker, target, tried } = order
    const strangers = [...this.#parts.links.all()].filter(
      ({ isOpen, address, peer }) =>
        isOpen && address !== undefined && !tried.has(peer.id) && isElsewhere(address, target),
    )
    if (strangers.length === 0 || tried.size >= MAX_STRANGERS)
      return this.#answer(asker, nonce, tried.size > 0 ? 'linked' : 'nobody', target)
    const stranger = strangers[this.#around.random.below(strangers.length)]!
    tried.add(stranger.peer.id)
    this.#underWay.set(nonce, order)
    stranger.send(encodeKnockOrder({ nonce, asker: asker.peer.id, address: target }))
  }

  #onDone(link: Link, body: Reader): void {
    const { nonce, status } = decodeKnockDone(body)
    const order = this.#underWay.get(nonce)
    if (!order?.tried.has(link.peer.id)) return this.#refused('answer to no order')
    this.#underWay.delete(nonce)
    if (status === 'knocked') this.#answer(order.asker, nonce, status, order.target)
    else this.#orderOne(nonce, order)
  }

  #onOrder(link: Link, body: Reader): void {
    const { nonce, asker, address } = decodeKnockOrder(body)
    const { links, socket } = this.#parts
    // Whether the asker has sent us something without coming to a session, he knows himself.
    const isKnown = links.self.id === asker || links.get(asker) !== undefined
    const status = isKnown ? 'linked' : (this.#refusal(address, this.#orders, link) ?? 'knocked')
    if (status === 'knocked') socket.send(encodeKnock(nonce), address)
    else this.#refused(status)
    link.send(encodeKnockDone({ nonce, status }))
  }

  #onToken(link: Link, body: Reader): void {
    const { nonce, askedNonce, token, address } = decodeKnockToken(body)
    const refusal = this.#parts.observing.isToken({ nonce: askedNonce, address, token })
      ? this.#refusal(address, this.#asks, link)
      : 'bad-token'
    if (!refusal) this.#parts.socket.send(encodeKnock(nonce), address)
    this.#answer(link, nonce, refusal ?? 'knocked', address)
  }

  async #knockFromOtherPort(link: Link, nonce: string, target: Address): Promise<void> {
    const socket = await this.#openOther()
    if (!socket) return this.#answer(link, nonce, 'cannot', target)
    socket.onDatagram((datagram, from) => this.#parts.observing.receive(datagram, from, socket))
    socket.send(encodeKnock(nonce), target)
    this.#answer(link, nonce, 'knocked', target, socket.local.port)
    this.#around.timers.after(OTHER_PORT_MS, () => {
      this.#otherPorts--
      void socket.close()
    })
  }

  async #openOther(): Promise<DatagramSocket | undefined> {
    const { openSocket } = this.#parts
    if (!openSocket || this.#otherPorts >= MAX_OTHER_PORTS) return undefined
    this.#otherPorts++
    try {
      return await openSocket()
    } catch {
      this.#otherPorts-- // the system has none to give: the asker is told so
      return undefined
    }
  }

  /** Why nothing is sent there, if so. What is refused for its place costs the peer's budget, too. */
  #refusal(target: Address, peers: PeerBudgets, { peer }: Link): KnockStatus | undefined {
    const isWithin = peers.admits(peer.id)
    if (kindOfHost(target.host) !== 'public' || target.port === 0) return 'cannot'
    if (!isWithin || !this.#targets.admits(addressRangeOf(target))) return 'limit'
    return this.#all.take(1, this.#around.clock.nowMs()) ? undefined : 'limit'
  }

  #answer(link: Link, nonce: string, status: KnockStatus, address: Address, port = 0): void {
    if (status !== 'knocked') this.#refused(status)
    link.send(encodeKnockAnswer({ nonce, status, address, port }))
  }

  #refused(reason: string): void {
    this.#around.drops.count(`knock refused: ${reason}`)
  }
}

/** In another owner's range, and able to send there. */
function isElsewhere(address: Address, target: Address): boolean {
  const { host } = address
  if (familyOf(host) !== familyOf(target.host) || kindOfHost(host) !== 'public') return false
  return ownerRangeOf(host) !== ownerRangeOf(target.host)
}
