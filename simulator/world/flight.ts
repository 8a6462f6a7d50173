import { type Event } from '../kernel/event-queue.ts'
import { type WorldLink } from './world-link.ts'

export type Acked = (delivered: boolean) => void

/** Something on its way over a session: first there, then, where somebody waits for it, its acknowledgement back. */
export class Flight implements Event {
  readonly isCancelled = false
  readonly packets: number
  readonly bytes: number
  /** undefined: a probe, which the transport takes for itself. */
  readonly message: Uint8Array | undefined
  /** Taken away by the first who calls it. */
  acked: Acked | undefined
  isOnWayBack = false
  /** It is there, and waits for a processor (shared-processors.ts). */
  isWaiting = false
  sentMs = 0
  /** Neighbours among the sender's flights that are not acknowledged yet. */
  previous: Flight = this
  next: Flight = this
  readonly #sender: WorldLink

  constructor(
    sender: WorldLink,
    packets: number,
    bytes: number,
    message: Uint8Array | undefined,
    acked: Acked | undefined,
  ) {
    this.#sender = sender
    this.packets = packets
    this.bytes = bytes
    this.message = message
    this.acked = acked
  }

  run(): void {
    if (this.isOnWayBack) this.#sender.acknowledged(this)
    else this.#sender.landed(this)
  }
}
