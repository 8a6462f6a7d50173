import { BanyanError } from '../../main/overlay/base/errors.ts'
import { LEFT } from '../../main/overlay/transport/link-ends.ts'
import { type Link, type LinkTraffic, MAX_MESSAGE_BYTES } from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type ModelledLinks } from './modelled-links.ts'
import { KEEP_ALIVE_MS, packetsOf, SILENCE_MS } from './modelled-network.ts'

const PING_BYTES = 40

/** One end of a modelled session. */
export class ModelledLink implements Link {
  readonly peer: PeerRecord
  readonly rttMs: number
  readonly #owner: ModelledLinks
  readonly #delayMs: number
  #other!: ModelledLink
  #isOpen = true
  /** The owner's machine is gone: nothing is sent, received or reported any more. */
  #isGone = false
  #lastActivityMs: number
  #waiting = new Set<(delivered: boolean) => void>()
  #silence: (() => void) | undefined
  #keepAlive: (() => void) | undefined
  readonly #counts = { sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 }

  private constructor(owner: ModelledLinks, peer: PeerRecord, delayMs: number) {
    this.#owner = owner
    this.peer = peer
    this.#delayMs = delayMs
    this.rttMs = 2 * delayMs
    this.#lastActivityMs = owner.network.queue.nowMs
  }

  static pair(a: ModelledLinks, b: ModelledLinks): [ModelledLink, ModelledLink] {
    const delayMs = a.network.delayMs(a.self.id, b.self.id)
    const near = new ModelledLink(a, b.self, delayMs)
    const far = new ModelledLink(b, a.self, delayMs)
    near.#other = far
    far.#other = near
    near.#watchIdle()
    return [near, far]
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get address(): PeerRecord['addresses'][number] | undefined {
    return this.peer.addresses[0]
  }

  get traffic(): LinkTraffic {
    return this.#counts
  }

  send(message: Uint8Array, acked?: (delivered: boolean) => void): void {
    if (message.length > MAX_MESSAGE_BYTES) throw new BanyanError('too-large', 'a message past 128 KiB')
    if (this.#owner.isFrozen) return
    if (!this.#isOpen || this.#isGone) return acked?.(false)
    const copy = Uint8Array.from(message)
    this.#owner.network.note(this.#owner.self.id, this.peer.id, copy)
    this.#exchange(packetsOf(copy), copy.length, acked, () => {
      if (this.#other.#isOpen) this.#other.#owner.arrived(this.#other, copy)
    })
  }

  probe(): void {
    if (this.#isOpen && !this.#isGone && !this.#owner.isFrozen)
      this.#exchange(1, PING_BYTES, undefined, () => undefined)
  }

  close(reason: string): void {
    if (!this.#isOpen || this.#isGone) return
    this.#count('sent', 1, PING_BYTES)
    const told = reason === LEFT ? LEFT : 'closed'
    this.#later(this.#delayMs, () => this.#other.fall(told))
    this.fall(told)
  }

  /** The end of this side, told to its owner once. */
  fall(reason: string): void {
    if (!this.#isOpen || this.#isGone) return
    this.#isOpen = false
    this.#stopTimers()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#owner.ended(this, reason)
    for (const acked of waiting) acked(false)
  }

  vanish(): void {
    this.#isGone = true
    this.#isOpen = false
    this.#stopTimers()
    // Whoever still has the other end keeps it alive from now on: the idle timer belonged to either side.
    this.#other.#watchIdle()
  }

  /** Packets there, an ack back. Where the other machine is gone, silence, and after a while the end. */
  #exchange(
    packets: number,
    bytes: number,
    acked: ((delivered: boolean) => void) | undefined,
    arrive: () => void,
  ): void {
    this.#lastActivityMs = this.#owner.network.queue.nowMs
    this.#count('sent', packets, bytes)
    const settled = acked ?? ((): void => undefined)
    this.#waiting.add(settled)
    this.#later(this.#delayMs, () => {
      if (this.#other.#isGone || this.#other.#owner.isFrozen) return this.#noticeSilence()
      const acks = Math.ceil(packets / 2)
      this.#other.#count('received', packets, bytes)
      this.#other.#count('sent', acks, acks * PING_BYTES)
      this.#other.#lastActivityMs = this.#owner.network.queue.nowMs
      arrive()
      this.#later(this.#delayMs, () => {
        this.#count('received', acks, acks * PING_BYTES)
        if (this.#waiting.delete(settled)) settled(true)
      })
    })
  }

  #noticeSilence(): void {
    this.#silence ??= this.#later(SILENCE_MS - this.#delayMs, () => this.fall('silent'))
  }

  #watchIdle(): void {
    if (!this.#isOpen || this.#isGone || this.#keepAlive) return
    const idleMs = this.#owner.network.queue.nowMs - this.#lastActivityMs
    // At least a millisecond: a remainder below the clock's precision would come back at the same moment for ever.
    this.#keepAlive = this.#later(Math.max(1, KEEP_ALIVE_MS - idleMs), () => {
      this.#keepAlive = undefined
      if (this.#owner.network.queue.nowMs - this.#lastActivityMs >= KEEP_ALIVE_MS) this.probe()
      this.#watchIdle()
    })
  }

  #later(delayMs: number, action: () => void): () => void {
    const { queue } = this.#owner.network
    return queue.at(queue.nowMs + Math.max(0, delayMs), action)
  }

  #stopTimers(): void {
    this.#keepAlive?.()
    this.#silence?.()
    this.#keepAlive = undefined
  }

  #count(direction: 'sent' | 'received', packets: number, bytes: number): void {
    this.#counts[`${direction}Packets`] += packets
    this.#counts[`${direction}Bytes`] += bytes
  }
}
