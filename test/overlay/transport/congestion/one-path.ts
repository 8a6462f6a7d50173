// A sender, a law and one line in virtual time, without sessions: so that a law's state can be read at every ack.

import { type CongestionControl } from '../../../../main/overlay/transport/congestion/congestion-control.ts'
import { LossRecovery } from '../../../../main/overlay/transport/loss-recovery.ts'
import { SendingPath } from '../../../../main/overlay/transport/sending-path.ts'
import { Pacer } from '../../../../main/overlay/transport/pacer.ts'
import { DropTailQueue } from '../../../../simulator/net/drop-tail-queue.ts'

export const PACKET_BYTES = 1_200

export interface Line {
  /** Bytes per millisecond. */
  rate: number
  rttMs: number
  bufferBytes: number
  /** Whether the path loses the packet of this number, by chance. */
  loses?: (number: number) => boolean
}

export class OnePath {
  nowMs = 0
  readonly recovery: LossRecovery
  /** Bytes the application still wants to send. */
  backlogBytes = Infinity
  deliveredBytes = 0
  queueMs = 0
  readonly #congestion: CongestionControl
  readonly #pacer = new Pacer(PACKET_BYTES)
  #line: Line
  #queue: DropTailQueue
  #acks: { number: number; atMs: number }[] = []

  constructor(congestion: CongestionControl, line: Line) {
    this.#congestion = congestion
    this.recovery = new LossRecovery(new SendingPath(congestion, 1_200))
    this.#line = line
    this.#queue = new DropTailQueue(line.rate * 8_000, line.bufferBytes)
  }

  /** From now on the line is another; what waits in its buffer is lost. */
  change(line: Partial<Line>): void {
    this.#acks = this.#acks.filter(({ atMs }) => atMs <= this.nowMs + this.#line.rttMs)
    this.#line = { ...this.#line, ...line }
    this.#queue = new DropTailQueue(this.#line.rate * 8_000, this.#line.bufferBytes)
  }

  /** Lets time pass, until `isDone` says so after an ack, at most so long. */
  run(forMs: number, isDone: () => boolean = () => false): void {
    const endMs = this.nowMs + forMs
    for (;;) {
      const wakeMs = this.#send()
      const ackMs = this.#acks[0]?.atMs ?? Infinity
      const nextMs = Math.min(
        ackMs,
        wakeMs,
        this.recovery.lossAtMs ?? Infinity,
        this.recovery.probeAtMs ?? Infinity,
      )
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      if (ackMs <= nextMs) this.#ack()
      else if ((this.recovery.lossAtMs ?? Infinity) <= nextMs) this.recovery.lossTimePassed(this.nowMs)
      else if (wakeMs > nextMs) this.#probe()
      if (isDone()) return
    }
    this.nowMs = endMs
  }

  #send(): number {
    while (this.backlogBytes > 0) {
      if (!this.recovery.maySend(PACKET_BYTES)) {
        this.recovery.heldBy('window')
        return Infinity
      }
      if (!this.#pacer.maySend(this.#congestion.pacingRate, this.nowMs)) {
        this.recovery.heldBy('pacing')
        return this.#pacer.nextMs(this.#congestion.pacingRate!)
      }
      this.#transmit()
    }
    this.recovery.heldBy('nothing to send')
    return Infinity
  }

  #probe(): void {
    this.recovery.probe(1)
    this.#transmit()
  }

  #transmit(): void {
    const number = this.recovery.nextNumber
    this.recovery.sent(PACKET_BYTES, [], this.nowMs)
    this.#pacer.sent(PACKET_BYTES)
    this.backlogBytes -= PACKET_BYTES
    const leavesMs = this.#queue.departure(PACKET_BYTES, this.nowMs)
    if (leavesMs === undefined || this.#line.loses?.(number)) return
    this.queueMs = leavesMs - this.nowMs
    this.#acks.push({ number, atMs: leavesMs + this.#line.rttMs })
  }

  #ack(): void {
    const { number } = this.#acks.shift()!
    this.deliveredBytes += PACKET_BYTES
    this.recovery.acked([{ first: number, last: number }], 0, this.nowMs)
  }
}
