import { BanyanError } from '../../main/overlay/base/errors.ts'
import { type Link, type LinkTraffic, MAX_MESSAGE_BYTES } from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
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

type Acked = (delivered: boolean) => void

/** One end of a modelled session. The end that called counts the keep-alives of both. */
export class WorldLink implements Link, LinkTraffic {
  readonly peer: PeerRecord
  readonly rttMs: number
  sentPackets = 0
  sentBytes = 0
  receivedPackets = 0
  receivedBytes = 0
  readonly #owner: WorldLinks
  readonly #delayMs: number
  readonly #lossRate: number
  readonly #isCaller: boolean
  #other!: WorldLink
  #state: 'open' | 'closed' | 'gone' = 'open'
  #lastActivityMs: number
  #lastArrivalMs = 0
  /** When a separate acknowledgement will have been sent, unless something else carries it first. */
  #ackDueMs = Infinity
  #waiting: Set<Acked> | undefined
  /** Sent while the other end did not answer: delivered where it comes back before the session is given up. */
  #stalled: (() => void)[] | undefined
  #isSilenceNoticed = false

  private constructor(owner: WorldLinks, peer: WorldLinks, isCaller: boolean, delayMs: number) {
    const { network, host } = owner
    this.#owner = owner
    this.#isCaller = isCaller
    this.peer = peer.self
    this.#delayMs = delayMs
    this.#lossRate = network.terrain.lossRate(host, peer.host)
    this.rttMs = 2 * delayMs
    this.#lastActivityMs = network.queue.nowMs
  }

  static pair(caller: WorldLinks, called: WorldLinks): [WorldLink, WorldLink] {
    const delayMs = caller.network.terrain.delayMs(caller.host, called.host)
    const near = new WorldLink(caller, called, true, delayMs)
    const far = new WorldLink(called, caller, false, delayMs)
    near.#other = far
    far.#other = near
    return [near, far]
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get address(): PeerRecord['addresses'][number] | undefined {
    return this.peer.addresses[0]
  }

  get traffic(): LinkTraffic {
    return this
  }

  get peerHost(): number {
    return this.#other.#owner.host
  }

  send(message: Uint8Array, acked?: Acked): void {
    if (message.length > MAX_MESSAGE_BYTES) throw new BanyanError('too-large', 'a message past 128 KiB')
    if (this.#state !== 'open') return acked?.(false)
    const copy = message.slice()
    const packets = packetsOf(copy.length)
    this.#network.note(this.#owner.host, this.peerHost, copy)
    if (acked) (this.#waiting ??= new Set()).add(acked)
    this.#transmit(copy[0] ?? 0, packets, wireBytesOf(copy.length, packets), acked, () => {
      if (this.#other.isOpen) this.#other.#owner.arrived(this.#other, copy)
    })
  }

  probe(): void {
    if (this.#state === 'open') this.#transmit(UPKEEP.probe, 1, PING_BYTES, undefined, undefined)
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#countSent(UPKEEP.close, 1, PING_BYTES)
    if (this.#canArrive()) this.#later(this.#transitMs(1), () => this.#other.fall('closed'))
    this.fall('closed')
  }

  /** The end of this side, told to its owner once. */
  fall(reason: string): void {
    if (this.#state !== 'open') return
    this.settleCounters()
    this.#state = 'closed'
    this.#stalled = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#owner.ended(this, reason)
    if (waiting) for (const acked of waiting) acked(false)
  }

  /** The owner's machine is gone: nothing is sent, received or reported any more. */
  vanish(): void {
    this.settleCounters()
    this.#state = 'gone'
    this.#waiting = undefined
    this.#stalled = undefined
    this.#other.expectSilence()
  }

  /** The other end will not answer the next keep-alive. */
  expectSilence(): void {
    if (this.#state !== 'open') return
    const idleMs = this.#network.queue.nowMs - this.#activeMs
    const leftMs = this.#keepAliveMs - (idleMs % this.#keepAliveMs)
    this.#later(leftMs, () => {
      if (this.#state === 'open' && !this.#canArrive()) this.#noticeSilence()
    })
  }

  /** Counts the acknowledgement that is overdue and the keep-alives that an idle session has sent by now. */
  settleCounters(): void {
    if (this.#state !== 'open') return
    const nowMs = this.#network.queue.nowMs
    if (this.#ackDueMs <= nowMs) {
      this.#ackDueMs = Infinity
      this.#countSent(UPKEEP.ack, 1, ACK_BYTES)
      this.#other.#countReceived(1, ACK_BYTES)
    }
    const pings = Math.floor((nowMs - this.#activeMs) / this.#keepAliveMs)
    if (pings <= 0) return
    const [caller, called] = this.#isCaller ? [this, this.#other] : [this.#other, this]
    this.#activeMs += pings * this.#keepAliveMs
    caller.#countSent(UPKEEP.keepAlive, pings, pings * PING_BYTES)
    called.#countReceived(pings, pings * PING_BYTES)
    called.#countSent(UPKEEP.keepAlive, pings, pings * ACK_BYTES)
    caller.#countReceived(pings, pings * ACK_BYTES)
  }

  /** Packets there, an acknowledgement back where somebody waits for it. */
  #transmit(
    type: number,
    packets: number,
    bytes: number,
    acked: Acked | undefined,
    arrive: (() => void) | undefined,
  ): void {
    this.settleCounters()
    this.#ackDueMs = Infinity
    this.#activeMs = this.#network.queue.nowMs
    this.#countSent(type, packets, bytes)
    const deliver = (): void => {
      const { nowMs } = this.#network.queue
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + this.#transitMs(packets))
      this.#network.queue.at(this.#lastArrivalMs, () => {
        if (!this.#canArrive()) return this.#stall(deliver)
        this.#other.#received(packets, bytes)
        if (acked) this.#acknowledge(acked)
        arrive?.()
      })
    }
    if (this.#canArrive()) deliver()
    else this.#stall(deliver)
  }

  #received(packets: number, bytes: number): void {
    this.settleCounters()
    this.#countReceived(packets, bytes)
    if (this.#ackDueMs === Infinity) this.#ackDueMs = this.#network.queue.nowMs + MAX_ACK_DELAY_MS
  }

  #acknowledge(acked: Acked): void {
    const backMs = this.#network.transitMs(this.#delayMs) + this.#lossDelayMs(1, this.#other.#lossRate)
    this.#later(MAX_ACK_DELAY_MS + backMs, () => {
      if (this.#waiting?.delete(acked)) acked(true)
    })
  }

  #stall(deliver: () => void): void {
    if (this.#state !== 'open') return
    ;(this.#stalled ??= []).push(deliver)
    this.#noticeSilence()
  }

  #noticeSilence(): void {
    if (this.#isSilenceNoticed) return
    this.#isSilenceNoticed = true
    this.#later(Math.max(SILENCE_MS, 3 * probeTimeoutMs(this.rttMs)), () => {
      this.#isSilenceNoticed = false
      if (!this.#canArrive()) return this.fall('silent')
      const stalled = this.#stalled ?? []
      this.#stalled = undefined
      for (const deliver of stalled) deliver()
    })
  }

  #canArrive(): boolean {
    const { network, host } = this.#owner
    const { host: peer, isFrozen } = this.#other.#owner
    return this.#other.#state !== 'gone' && !isFrozen && !network.isCut(host, peer)
  }

  #transitMs(packets: number): number {
    return this.#network.transitMs(this.#delayMs) + this.#lossDelayMs(packets, this.#lossRate)
  }

  /** What losses cost a session that repairs them: a probe timeout, doubling, for each loss in a row of any packet. */
  #lossDelayMs(packets: number, lossRate: number): number {
    if (lossRate <= 0) return 0
    const { random } = this.#network
    let delayMs = 0
    for (let packet = 0; packet < packets; packet++) {
      let waitedMs = 0
      let timeoutMs = probeTimeoutMs(this.rttMs)
      while (random.unit() < lossRate && waitedMs < SILENCE_MS) {
        this.#countSent(UPKEEP.retransmission, 1, ACK_BYTES)
        waitedMs += timeoutMs
        timeoutMs = Math.min(2 * timeoutMs, 400)
      }
      delayMs = Math.max(delayMs, waitedMs)
    }
    return delayMs
  }

  get #network(): WorldNetwork {
    return this.#owner.network
  }

  get #keepAliveMs(): number {
    const { terrain } = this.#network
    const isTranslated = terrain.isTranslated(this.#owner.host) || terrain.isTranslated(this.peerHost)
    return isTranslated ? KEEP_ALIVE_MS : UNTRANSLATED_KEEP_ALIVE_MS
  }

  /** Activity of the session, whichever end sent. */
  get #activeMs(): number {
    return this.#isCaller ? this.#lastActivityMs : this.#other.#lastActivityMs
  }

  set #activeMs(atMs: number) {
    if (this.#isCaller) this.#lastActivityMs = atMs
    else this.#other.#lastActivityMs = atMs
  }

  #later(delayMs: number, action: () => void): void {
    const { queue } = this.#network
    queue.at(queue.nowMs + delayMs, action)
  }

  #countSent(type: number, packets: number, bytes: number): void {
    this.sentPackets += packets
    this.sentBytes += bytes
    this.#network.count(this.#owner.host, type, packets, bytes)
  }

  #countReceived(packets: number, bytes: number): void {
    this.receivedPackets += packets
    this.receivedBytes += bytes
  }
}
