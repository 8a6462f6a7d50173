// The streams that carry a link's messages. They are open from the start, on both sides, one for each urgency; a message follows
// another of its own stream. A large one goes in a less urgent stream than a small one, so that it never delays it. They are
// not under the limit of all opened streams: nobody can hold up the overlay by not reading a stream.

import { type Bytes } from '../base/bytes.ts'
import { type Frame } from '../wire/packet-frames.ts'
import { MessageReceiver, MessageSender } from './message-channel.ts'
import { OwedFrame } from './owed-frames.ts'
import { type ReceiveOwner, ReceiveStream } from './receive-stream.ts'
import { ReceiveWindow } from './receive-window.ts'
import { type SendOwner, SendStream } from './send-stream.ts'
import { type StreamHost } from './stream.ts'
import { NORMAL, URGENCIES, type Urgency } from './urgency.ts'

/** What each side may send of one class before it hears a new limit. Part of the protocol: both sides start from it. */
const MESSAGE_WINDOW_BYTES = 1024 * 1024
/** Chosen: what a window grows to where a sender uses it up quickly, enough for 80 MB/s over 100 ms. */
const MAX_MESSAGE_WINDOW_BYTES = 8 * MESSAGE_WINDOW_BYTES
/** Chosen: 13 ms on a line of 10 Mbit/s. What is larger is a long text, a replica or a list, and gives way. */
const LARGE_MESSAGE_BYTES = 16 * 1024

export class MessageStreams {
  readonly #host: StreamHost
  readonly #deliver: (message: Bytes) => void
  readonly #streams: (MessageStream | undefined)[] = URGENCIES.map(() => undefined) // made when first used

  constructor(host: StreamHost, deliver: (message: Bytes) => void) {
    this.#host = host
    this.#deliver = deliver
  }

  static has(id: number): id is Urgency {
    return id < URGENCIES.length
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked: ((delivered: boolean) => void) | undefined, urgency: Urgency): void {
    const isLarge = message.length > LARGE_MESSAGE_BYTES
    this.get(isLarge && urgency < NORMAL ? NORMAL : urgency).send(message, acked)
  }

  /** The stream whose number is its urgency. */
  get(id: Urgency): MessageStream {
    return (this.#streams[id] ??= new MessageStream(id, this.#host, this.#deliver))
  }

  fail(): void {
    for (const stream of this.#streams) stream?.fail()
  }
}

class MessageStream implements SendOwner, ReceiveOwner {
  readonly #id: Urgency
  readonly #host: StreamHost
  readonly #sending: SendStream
  readonly #receiving: ReceiveStream
  readonly #sender: MessageSender
  readonly #receiver: MessageReceiver
  #limit: OwedFrame | undefined

  constructor(id: Urgency, host: StreamHost, deliver: (message: Bytes) => void) {
    this.#id = id
    this.#host = host
    this.#sending = new SendStream(id, MESSAGE_WINDOW_BYTES, host.account, this, false)
    this.#sending.urgency = id
    this.#sender = new MessageSender(this.#sending)
    const window = new ReceiveWindow(host.pace, MESSAGE_WINDOW_BYTES, MAX_MESSAGE_WINDOW_BYTES)
    this.#receiving = new ReceiveStream(window, host.fragments, this)
    this.#receiver = new MessageReceiver(deliver)
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked: ((delivered: boolean) => void) | undefined): void {
    this.#sender.send(message, acked)
  }

  /** False where the piece could not be kept. Errors: quota, malformed, too-large. */
  received(offset: number, data: Uint8Array, isLast: boolean): boolean {
    return this.#receiving.receive(offset, data, isLast)
  }

  raiseLimit(limitBytes: number): void {
    this.#sending.raiseLimit(limitBytes)
  }

  /** Reports the messages whose last byte is acknowledged. */
  report(): void {
    this.#sender.settle()
  }

  fail(): void {
    this.#sender.fail()
  }

  ready(stream: SendStream): void {
    this.#host.ready(stream)
  }

  progressed(): void {
    this.#host.owesReport(this)
  }

  deliver(bytes: Uint8Array): void {
    this.#receiver.receive(bytes)
  }

  /** Nobody of ours ends one; a peer that does has said all it wants to say in this class. */
  end(): void {}

  consumed(): void {}

  owesLimit(): void {
    this.#limit ??= new OwedFrame(this.#host.owed, () => this.#limitFrame())
    this.#limit.owe()
  }

  #limitFrame(): Frame {
    return { type: 'max-stream-data', id: this.#id, limitBytes: this.#receiving.limitBytes }
  }
}
