// Whole messages over a stream of bytes: each goes behind its length, a variable-length integer.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { lendBytes } from '../base/lent-bytes.ts'
import { PacketWriter, varintBytes } from '../wire/packet-codec.ts'
import { MAX_MESSAGE_BYTES } from './links.ts'
import { type SendStream } from './send-stream.ts'

/** Chosen: from here on a length in a buffer of its own costs less than a message that is not lent one. */
const LARGE_BYTES = 32 * 1024

interface Receipt {
  endBytes: number
  acked: (delivered: boolean) => void
}

export class MessageSender {
  readonly #stream: SendStream
  #receipts: Receipt[] = []
  #firstReceipt = 0

  constructor(stream: SendStream) {
    this.#stream = stream
  }

  /** Errors: too-large. */
  send(message: Uint8Array, acked?: (delivered: boolean) => void): void {
    if (message.length > MAX_MESSAGE_BYTES)
      throw new BanyanError('too-large', `a message of ${message.length} bytes`)
    this.#write(message)
    if (acked) this.#receipts.push({ endBytes: this.#stream.writtenBytes, acked })
  }

  /** A copy, because the message stays the caller's. */
  #write(message: Uint8Array): void {
    const { length } = message
    const isLarge = length >= LARGE_BYTES
    const framed = new PacketWriter(varintBytes(length) + (isLarge ? 0 : length)).varint(length)
    this.#stream.write(isLarge ? framed.written : framed.bytes(message).written)
    if (!isLarge) return
    const copy = lendBytes(length) // comes back when all of it has arrived (send-stream.ts)
    copy.set(message)
    this.#stream.write(copy)
  }

  /** The stream's acknowledged end has moved: reports the messages that have now arrived whole. */
  settle(): void {
    while (this.#firstReceipt < this.#receipts.length) {
      const receipt = this.#receipts[this.#firstReceipt]!
      if (receipt.endBytes > this.#stream.ackedBytes) break
      this.#firstReceipt++
      receipt.acked(true)
    }
    if (this.#firstReceipt === this.#receipts.length || this.#firstReceipt >= 256) {
      this.#receipts.splice(0, this.#firstReceipt)
      this.#firstReceipt = 0
    }
  }

  /** The link is gone: what is not acknowledged counts as not delivered. */
  fail(): void {
    const open = this.#receipts.slice(this.#firstReceipt)
    this.#receipts = []
    this.#firstReceipt = 0
    for (const receipt of open) receipt.acked(false)
  }
}

/** States: between messages (reading a length) -> inside one -> between messages. */
type Reading =
  | { state: 'length'; value: number; missing: number | undefined }
  | { state: 'body'; message: Bytes; filled: number }

const NO_LENGTH: Reading = { state: 'length', value: 0, missing: undefined }

export class MessageReceiver {
  readonly #deliver: (message: Bytes) => void
  #reading: Reading = NO_LENGTH

  constructor(deliver: (message: Bytes) => void) {
    this.#deliver = deliver
  }

  /** Takes the stream's next bytes. Errors: too-large. */
  receive(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length)
      at =
        this.#reading.state === 'length'
          ? this.#readLength(this.#reading, bytes, at)
          : this.#readBody(this.#reading, bytes, at)
  }

  #readLength(reading: Reading & { state: 'length' }, bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!
    const isFirst = reading.missing === undefined
    const missing = isFirst ? (1 << (byte >> 6)) - 1 : reading.missing! - 1
    const value = isFirst ? byte & 0x3f : reading.value * 256 + byte
    if (missing > 0) this.#reading = { state: 'length', value, missing }
    else this.#begin(value)
    return at + 1
  }

  #begin(length: number): void {
    if (length > MAX_MESSAGE_BYTES) throw new BanyanError('too-large', `a message of ${length} bytes`)
    this.#reading = NO_LENGTH
    if (length === 0) this.#deliver(new Uint8Array(0))
    else this.#reading = { state: 'body', message: new Uint8Array(length), filled: 0 }
  }

  #readBody(reading: Reading & { state: 'body' }, bytes: Uint8Array, at: number): number {
    const { message, filled } = reading
    const part = bytes.subarray(at, at + message.length - filled)
    message.set(part, filled)
    reading.filled += part.length
    if (reading.filled === message.length) {
      this.#reading = NO_LENGTH
      this.#deliver(message)
    }
    return at + part.length
  }
}
