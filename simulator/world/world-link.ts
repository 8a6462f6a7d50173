// One end of a modelled session. Its numbers stand in the session table and what it does is planned as flights, so that an
// idle end is a handful of references.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../main/overlay/base/errors.ts'
import { LEFT } from '../../main/overlay/transport/link-ends.ts'
import { type Link, type LinkTraffic, MAX_MESSAGE_BYTES } from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type Acked, Flight } from './flight.ts'
import {
  ACK_BYTES,
  KEEP_ALIVE_MS,
  MAX_ACK_DELAY_MS,
  packetsOf,
  PING_BYTES,
  probeTimeoutMs,
  SILENCE_MS,
  UNTRANSLATED_KEEP_ALIVE_MS,
  wireBytesOf,
} from './session-costs.ts'
import { UPKEEP } from './traffic-log.ts'
import { type WorldLinks } from './world-links.ts'
import { type WorldNetwork } from './world-network.ts'

/** What few sessions ever have: something lost on a peer that does not answer, and a look at whether it still does not. */
interface Trouble {
  /** Delivered where the peer comes back before the session is given up. */
  stalled: Flight[]
  isSilenceNoticed: boolean
}

export class WorldLink implements Link, LinkTraffic {
  readonly #owner: WorldLinks
  /** Its end in the session table. */
  readonly #end: number
  #other!: WorldLink
  /** over: the other end is no longer open either, and the row of both may be another session's. */
  #state: 'open' | 'closed' | 'gone' | 'over' = 'open'
  /** The first of those that wait for an acknowledgement; they stand in a circle. */
  #waiting: Flight | undefined
  #trouble: Trouble | undefined

  private constructor(owner: WorldLinks, end: number) {
    this.#owner = owner
    this.#end = end
  }

  static pair(caller: WorldLinks, called: WorldLinks): [WorldLink, WorldLink] {
    const { terrain, sessions, queue } = caller.network
    const end = sessions.take(terrain.delayMs(caller.host, called.host), queue.nowMs)
    const near = new WorldLink(caller, end)
    const far = new WorldLink(called, end + 1)
    near.#other = far
    far.#other = near
    return [near, far]
  }

  get peer(): PeerRecord {
    return this.#other.#owner.self
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get address(): PeerRecord['addresses'][number] | undefined {
    return this.peer.addresses[0]
  }

  get rttMs(): number {
    if (this.#state === 'over') return 0
    return Math.max(2 * this.#delayMs, this.#network.processors?.rttMs(this) ?? 0)
  }

  /** As it is by now, however long nobody has looked. Of a session that is over at both ends nothing is kept. */
  get traffic(): LinkTraffic {
    this.settleCounters()
    this.#other.settleCounters()
    return this
  }

  get sentPackets(): number {
    return this.#state === 'over' ? 0 : this.#network.sessions.sentPackets(this.#end)
  }

  get sentBytes(): number {
    return this.#state === 'over' ? 0 : this.#network.sessions.sentBytes(this.#end)
  }

  get receivedPackets(): number {
    return this.#state === 'over' ? 0 : this.#network.sessions.receivedPackets(this.#end)
  }

  get receivedBytes(): number {
    return this.#state === 'over' ? 0 : this.#network.sessions.receivedBytes(this.#end)
  }

  get peerHost(): number {
    return this.#other.#owner.host
  }

  /** The message is the link's from now on: nobody may change it any more. */
  send(message: Uint8Array, acked?: Acked): void {
    if (message.length > MAX_MESSAGE_BYTES) throw new BanyanError('too-large', 'a message past 128 KiB')
    if (this.#state !== 'open') return acked?.(false)
    const packets = packetsOf(message.length)
    this.#network.note(this.#owner.host, this.peerHost, message)
    const flight = new Flight(this, packets, wireBytesOf(message.length, packets), message, acked)
    if (acked) this.#waitFor(flight)
    flight.sentMs = this.#network.queue.nowMs
    this.#transmit(message[0] ?? 0, flight)
  }

  probe(): void {
    if (this.#state !== 'open') return
    this.#transmit(UPKEEP.probe, new Flight(this, 1, PING_BYTES, undefined, undefined))
  }

  close(reason: string): void {
    if (this.#state !== 'open') return
    this.#countSent(UPKEEP.close, 1, PING_BYTES)
    const told = reason === LEFT ? LEFT : 'closed'
    if (this.#canArrive()) this.#later(this.#transitMs(1, PING_BYTES), () => this.#other.fall(told))
    this.fall(told)
  }

  /** The end of this side, told to its owner once. */
  fall(reason: string): void {
    if (this.#state !== 'open') return
    this.settleCounters()
    this.#state = 'closed'
    this.#trouble = undefined
    const first = this.#waiting
    this.#waiting = undefined
    // The owner sums up the traffic of a link that went: the row goes after that.
    this.#owner.ended(this, reason)
    this.#releaseIfOver()
    if (first) for (const flight of circle(first)) flight.acked?.(false)
  }

  /** The owner's machine is gone: nothing is sent, received or reported any more. */
  vanish(): void {
    if (this.#state !== 'open') return
    this.settleCounters()
    this.#state = 'gone'
    this.#waiting = undefined
    this.#trouble = undefined
    this.#other.expectSilence()
    this.#releaseIfOver()
  }

  /** The other end will not answer the next keep-alive. */
  expectSilence(): void {
    if (this.#state !== 'open') return
    const { queue, sessions } = this.#network
    const idleMs = queue.nowMs - sessions.activeMs(this.#end)
    const leftMs = this.#keepAliveMs - (idleMs % this.#keepAliveMs)
    this.#later(leftMs, () => {
      if (this.#state === 'open' && !this.#canArrive()) this.#noticeSilence()
    })
  }

  /** Counts the acknowledgement that is overdue and the keep-alives that an idle session has sent by now. */
  settleCounters(): void {
    if (this.#state !== 'open') return
    const { queue, sessions } = this.#network
    const { nowMs } = queue
    if (sessions.ackDueMs(this.#end) <= nowMs) {
      sessions.setAckDueMs(this.#end, Infinity)
      this.#countSent(UPKEEP.ack, 1, ACK_BYTES)
      if (this.#canArrive()) this.#other.#countReceived(1, ACK_BYTES)
    }
    const idleMs = nowMs - sessions.activeMs(this.#end)
    // Most often nothing is due, and that can be said without asking what lies between the hosts.
    if (idleMs >= KEEP_ALIVE_MS) this.#countKeepAlives(Math.floor(idleMs / this.#keepAliveMs))
  }

  #countKeepAlives(pings: number): void {
    if (pings <= 0) return
    const { sessions } = this.#network
    const [caller, called] = this.#end % 2 === 0 ? [this, this.#other] : [this.#other, this]
    sessions.setActiveMs(this.#end, sessions.activeMs(this.#end) + pings * this.#keepAliveMs)
    if (caller.#state === 'open') caller.#countSent(UPKEEP.keepAlive, pings, pings * PING_BYTES)
    if (!this.#canArrive()) return
    called.#countReceived(pings, pings * PING_BYTES)
    called.#countSent(UPKEEP.keepAlive, pings, pings * ACK_BYTES)
    caller.#countReceived(pings, pings * ACK_BYTES)
  }

  /** Packets there; what becomes of them is the flight's. */
  #transmit(type: number, flight: Flight): void {
    const { queue, sessions } = this.#network
    this.settleCounters()
    sessions.setAckDueMs(this.#end, Infinity)
    sessions.setActiveMs(this.#end, queue.nowMs)
    this.#countSent(type, flight.packets, flight.bytes)
    if (this.#canArrive()) this.#launch(flight)
    else this.#stall(flight)
  }

  #launch(flight: Flight): void {
    const { queue, sessions } = this.#network
    const soonestMs = queue.nowMs + this.#transitMs(flight.packets, flight.bytes)
    const arrivalMs = Math.max(sessions.lastArrivalMs(this.#end), soonestMs)
    sessions.setLastArrivalMs(this.#end, arrivalMs)
    queue.plan(arrivalMs, flight)
  }

  /** A flight has come to where the other end should be. */
  landed(flight: Flight): void {
    if (!this.#canArrive()) return this.#stall(flight)
    if (this.#mustWait(flight)) return
    const other = this.#other
    if (other.#state === 'open') other.#received(flight.packets, flight.bytes)
    if (flight.acked && this.#state === 'open') this.#acknowledge(flight)
    if (flight.message && other.#state === 'open') other.#owner.arrived(other, flight.message as Bytes)
  }

  /** Planned again for when a processor has had time for it. */
  #mustWait(flight: Flight): boolean {
    const { processors, queue } = this.#network
    if (!processors || flight.isWaiting) return false
    flight.isWaiting = true
    queue.plan(processors.doneMs(queue.nowMs), flight)
    return true
  }

  #received(packets: number, bytes: number): void {
    const { queue, sessions } = this.#network
    this.settleCounters()
    this.#countReceived(packets, bytes)
    if (sessions.ackDueMs(this.#end) === Infinity)
      sessions.setAckDueMs(this.#end, queue.nowMs + MAX_ACK_DELAY_MS)
  }

  #acknowledge(flight: Flight): void {
    const { queue } = this.#network
    // Of a message in several packets one is sent again to get the acknowledgement that was lost.
    const resentBytes = flight.bytes / flight.packets
    const backMs =
      this.#network.transitMs(this.#delayMs) + this.#lossDelayMs(1, resentBytes, this.#lossRate(true))
    flight.isOnWayBack = true
    queue.plan(queue.nowMs + MAX_ACK_DELAY_MS + backMs, flight)
  }

  acknowledged(flight: Flight): void {
    if (this.#state !== 'open') return
    const { processors, queue } = this.#network
    processors?.measured(this, queue.nowMs - flight.sentMs)
    this.#waiting =
      flight.next === flight ? undefined : this.#waiting === flight ? flight.next : this.#waiting
    flight.previous.next = flight.next
    flight.next.previous = flight.previous
    flight.acked?.(true)
  }

  #waitFor(flight: Flight): void {
    const first = (this.#waiting ??= flight)
    if (first === flight) return
    flight.next = first
    flight.previous = first.previous
    flight.previous.next = flight
    first.previous = flight
  }

  #stall(flight: Flight): void {
    if (this.#state !== 'open') return
    this.#troubled().stalled.push(flight)
    this.#noticeSilence()
  }

  #noticeSilence(): void {
    const trouble = this.#troubled()
    if (trouble.isSilenceNoticed) return
    trouble.isSilenceNoticed = true
    this.#later(Math.max(SILENCE_MS, 3 * probeTimeoutMs(this.rttMs)), () => {
      if (this.#state !== 'open') return
      this.#trouble = undefined
      if (!this.#canArrive()) return this.fall('silent')
      for (const flight of trouble.stalled) this.#launch(flight)
    })
  }

  #troubled(): Trouble {
    return (this.#trouble ??= { stalled: [], isSilenceNoticed: false })
  }

  #canArrive(): boolean {
    const { network, host } = this.#owner
    const { host: peer, isFrozen } = this.#other.#owner
    return this.#other.#state !== 'gone' && !isFrozen && !network.isCut(host, peer)
  }

  #transitMs(packets: number, bytes: number): number {
    const transitMs = this.#network.transitMs(this.#delayMs)
    return transitMs + this.#lossDelayMs(packets, bytes / packets, this.#lossRate(false))
  }

  /** What losses cost a session that repairs them: a probe timeout, doubling, for each loss in a row of any packet. */
  #lossDelayMs(packets: number, packetBytes: number, lossRate: number): number {
    if (lossRate <= 0) return 0
    const { random } = this.#network
    let delayMs = 0
    for (let packet = 0; packet < packets; packet++) {
      let waitedMs = 0
      let timeoutMs = 0
      while (random.unit() < lossRate && waitedMs < SILENCE_MS) {
        timeoutMs = timeoutMs === 0 ? probeTimeoutMs(this.rttMs) : Math.min(2 * timeoutMs, 400)
        this.#countSent(UPKEEP.retransmission, 1, packetBytes)
        waitedMs += timeoutMs
      }
      delayMs = Math.max(delayMs, waitedMs)
    }
    return delayMs
  }

  #lossRate(isWayBack: boolean): number {
    const { terrain } = this.#network
    const [from, to] = isWayBack ? [this.peerHost, this.#owner.host] : [this.#owner.host, this.peerHost]
    return terrain.lossRate(from, to)
  }

  get #network(): WorldNetwork {
    return this.#owner.network
  }

  get #delayMs(): number {
    return this.#network.sessions.delayMs(this.#end)
  }

  get #keepAliveMs(): number {
    const { terrain } = this.#network
    const isTranslated = terrain.isTranslated(this.#owner.host) || terrain.isTranslated(this.peerHost)
    return isTranslated ? KEEP_ALIVE_MS : UNTRANSLATED_KEEP_ALIVE_MS
  }

  #releaseIfOver(): void {
    if (this.#state === 'open' || this.#other.#state === 'open') return
    this.#state = this.#other.#state = 'over'
    this.#network.sessions.release(this.#end)
  }

  #later(delayMs: number, action: () => void): void {
    const { queue } = this.#network
    queue.at(queue.nowMs + delayMs, action)
  }

  #countSent(type: number, packets: number, bytes: number): void {
    if (this.#state === 'open') this.#network.sessions.countSent(this.#end, packets, bytes)
    this.#network.count(this.#owner.host, type, packets, bytes)
  }

  #countReceived(packets: number, bytes: number): void {
    if (this.#state === 'open') this.#network.sessions.countReceived(this.#end, packets, bytes)
  }
}

function circle(first: Flight): Flight[] {
  const all: Flight[] = []
  let at = first
  do {
    all.push(at)
    at = at.next
  } while (at !== first)
  return all
}
