// A stream that one side opened and both may write to: two halves that end independently, each by its end (`finish`) or by
// a reset. When both are over, the session forgets the stream.
//
// Bytes wait for a listener: a stream is paused until `on` is called. They wait also where the session ends meanwhile: the peer
// was told that they have arrived, so what came in order can be read to its end, as with TCP.

import { BanyanError } from '../base/errors.ts'
import { type Frame } from '../wire/packet-frames.ts'
import { OwedFrame, type OwedFrames } from './owed-frames.ts'
import { type FragmentBudget, type ReceiveOwner, ReceiveStream } from './receive-stream.ts'
import { type Pace, ReceiveWindow } from './receive-window.ts'
import { type SendAccount } from './send-account.ts'
import { type SendOwner, SendStream } from './send-stream.ts'
import { type Urgency } from './urgency.ts'

/** What each side may send on an opened stream before it hears a new limit. Part of the protocol: both sides start from it. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** Chosen: what a window grows to where a sender uses it up quickly, enough for 80 MB/s over 100 ms. */
const MAX_STREAM_WINDOW_BYTES = 8 * 1024 * 1024

export interface StreamEvents {
  /** The next bytes, in order, once. They are a view that is valid during the call only. */
  data?(bytes: Uint8Array): void
  /** The peer has finished, and everything it wrote was given to `data`. */
  end?(): void
  /** The peer has given its half up: no more bytes come, and some may be missing. */
  reset?(code: number): void
  /** The peer wants no more of what we write; our half was reset with its code. */
  stopped?(code: number): void
  /** After a `write` that returned false: there is room again. */
  drained?(): void
  /** The session has ended before this stream was over; what had arrived in order was given to `data`. */
  closed?(): void
}

/** What the streams of a session share. */
export interface StreamHost {
  readonly account: SendAccount
  readonly owed: OwedFrames
  readonly fragments: FragmentBudget
  readonly pace: Pace
  /** Bytes that would wait with so many more are too many. */
  hasRoom(bytes: number): boolean
  /** The sending half may have something to send. */
  ready(stream: SendStream): void
  /** A frame is owed. */
  wake(): void
  /** `report` is to be called once the present packet is done with. */
  owesReport(stream: { report(): void }): void
  /** Bytes of opened streams that take no memory any more. */
  consumed(bytes: number): void
  /** Both halves are over. */
  over(stream: Stream): void
  guard(listener: () => void): void
}

export class Stream implements SendOwner, ReceiveOwner {
  readonly id: number
  readonly #host: StreamHost
  readonly #sending: SendStream
  readonly #receiving: ReceiveStream
  #sendingState: 'open' | 'resetting' | 'over' = 'open'
  #events: StreamEvents | undefined
  #limit: OwedFrame | undefined
  #finishAcked: ((delivered: boolean) => void) | undefined
  #resetCode: number | undefined // the peer's
  #isForgotten = false
  #hasFailed = false // the session has ended
  #isClosedTold = false

  constructor(id: number, host: StreamHost) {
    this.id = id
    this.#host = host
    this.#sending = new SendStream(id, STREAM_WINDOW_BYTES, host.account, this, true)
    const window = new ReceiveWindow(host.pace, STREAM_WINDOW_BYTES, MAX_STREAM_WINDOW_BYTES)
    this.#receiving = new ReceiveStream(window, host.fragments, this)
    this.#receiving.pause()
  }

  get urgency(): Urgency {
    return this.#sending.urgency
  }

  /** Of our half; each side chooses its own. */
  set urgency(urgency: Urgency) {
    this.#sending.urgency = urgency
    if (this.#sendingState === 'open' && !this.#hasFailed) this.#host.ready(this.#sending)
  }

  /** Bytes written and not yet acknowledged. */
  get queuedBytes(): number {
    return this.#sending.queuedBytes
  }

  /** Our half takes bytes. */
  get isWritable(): boolean {
    return !this.#hasFailed && this.#sending.isOpen
  }

  /** Begins reading; what has happened before is told at once. */
  on(events: StreamEvents): void {
    this.#events = events
    if (this.#resetCode !== undefined) this.#tellReset(this.#resetCode)
    this.resume()
  }

  /**
   * Sends bytes, which the caller does not touch again. Returns false where enough waits: a writer then waits for `drained`. Where
   * our half is over, the bytes are dropped. Errors: quota, where more waits than a session may keep.
   */
  write(bytes: Uint8Array): boolean {
    if (!this.isWritable) return true
    if (!this.#host.hasRoom(bytes.length)) throw new BanyanError('quota', 'too much waits on this session')
    return this.#sending.write(bytes)
  }

  /** Ends our half. `acked` is called once: true when all of it has arrived, false when it was reset or the session ended. */
  finish(acked?: (delivered: boolean) => void): void {
    if (!this.isWritable) return acked?.(false)
    this.#finishAcked = acked
    this.#sending.finish()
  }

  /** Gives our half up: what has not arrived is dropped, and the peer is told the code. */
  reset(code: number): void {
    if (this.#hasFailed || this.#sendingState !== 'open' || this.#sending.isComplete) return
    const size = this.#sending.reset()
    this.#sendingState = 'resetting'
    const frame = (): Frame => ({ type: 'reset-stream', id: this.id, code, size })
    new OwedFrame(this.#host.owed, frame, () => this.#sendingIsOver()).owe()
    this.#host.wake()
    this.#tellFinished(false)
  }

  /** Tells the peer that we read no more of its half; what still comes is thrown away. */
  stop(code: number): void {
    if (this.#receiving.isOver) return
    this.#receiving.discard()
    if (this.#hasFailed) return this.#closeIfRead()
    const frame = (): Frame | undefined =>
      this.#receiving.isOver ? undefined : { type: 'stop-sending', id: this.id, code }
    if (!this.#receiving.isOver) new OwedFrame(this.#host.owed, frame).owe()
    this.#host.wake()
    this.#forgetIfOver()
  }

  /** No more `data` until `resume`; the peer may go on up to the stream's window. */
  pause(): void {
    this.#receiving.pause()
  }

  resume(): void {
    if (this.#events) this.#receiving.resume()
    this.#forgetIfOver()
    this.#closeIfRead()
  }

  // What the session tells.

  get highestBytes(): number {
    return this.#receiving.highestBytes
  }

  /** False where the piece could not be kept. Errors: quota, malformed. */
  received(offset: number, data: Uint8Array, isLast: boolean): boolean {
    const isKept = this.#receiving.receive(offset, data, isLast)
    this.#forgetIfOver()
    return isKept
  }

  /** Errors: quota, malformed. */
  wasReset(code: number, size: number): void {
    if (this.#receiving.reset(size)) this.#tellReset(code)
    this.#forgetIfOver()
  }

  wasStopped(code: number): void {
    if (this.#sendingState !== 'open' || this.#sending.isComplete) return
    this.reset(code)
    this.#tell((events) => events.stopped?.(code))
  }

  raiseLimit(limitBytes: number): void {
    if (this.#sendingState === 'open') this.#sending.raiseLimit(limitBytes)
  }

  /** The session is gone. */
  fail(): void {
    this.#hasFailed = true
    this.#receiving.dropFragments()
    this.#tellFinished(false)
    this.#closeIfRead()
  }

  report(): void {
    if (this.#hasFailed) return
    if (this.#sending.isComplete && this.#sendingState === 'open') {
      this.#tellFinished(true)
      this.#sendingIsOver()
    }
    if (this.#sending.takeDrained()) this.#tell((events) => events.drained?.())
  }

  // What the halves tell.

  ready(stream: SendStream): void {
    this.#host.ready(stream)
  }

  progressed(): void {
    this.#host.owesReport(this)
  }

  deliver(bytes: Uint8Array): void {
    this.#tell((events) => events.data?.(bytes))
  }

  end(): void {
    this.#tell((events) => events.end?.())
  }

  consumed(bytes: number): void {
    this.#host.consumed(bytes)
  }

  owesLimit(): void {
    this.#limit ??= new OwedFrame(this.#host.owed, () => this.#limitFrame())
    this.#limit.owe()
    this.#host.wake()
  }

  #limitFrame(): Frame | undefined {
    if (!this.#receiving.needsLimit) return undefined
    return { type: 'max-stream-data', id: this.id, limitBytes: this.#receiving.limitBytes }
  }

  #sendingIsOver(): void {
    this.#sendingState = 'over'
    this.#forgetIfOver()
  }

  #forgetIfOver(): void {
    if (this.#isForgotten || this.#sendingState !== 'over' || !this.#receiving.isOver) return
    this.#isForgotten = true
    this.#host.over(this)
  }

  /** Nothing comes any more once the session has ended and what had come was read. */
  #closeIfRead(): void {
    if (!this.#hasFailed || !this.#events || this.#receiving.hasUnread || this.#isClosedTold) return
    this.#isClosedTold = true
    this.#tell((events) => events.closed?.())
  }

  #tellReset(code: number): void {
    this.#resetCode = this.#events ? undefined : code
    this.#tell((events) => events.reset?.(code))
  }

  #tellFinished(isDelivered: boolean): void {
    const acked = this.#finishAcked
    this.#finishAcked = undefined
    if (acked) this.#host.guard(() => acked(isDelivered))
  }

  #tell(event: (events: StreamEvents) => void): void {
    const events = this.#events
    if (events) this.#host.guard(() => event(events))
  }
}
