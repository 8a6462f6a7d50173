// The hands of the packet path: as codec.ts, but over one buffer that is used again and without copies, and with the
// variable-length integers of RFC 9000 §16, since most numbers in a packet are small.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'

const HIGH = 2 ** 32

/** Bytes that a whole number below 2^53 takes as a variable-length integer. */
export function varintBytes(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x4000) return 2
  return value < 0x40000000 ? 4 : 8
}

/** Writes into a buffer of fixed size. The caller asks `room` first: writing past the end is a defect, and throws. */
export class PacketWriter {
  readonly #buffer: Bytes
  readonly #view: DataView<ArrayBuffer>
  #length = 0
  #limit: number

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity)
    this.#view = new DataView(this.#buffer.buffer)
    this.#limit = capacity
  }

  get length(): number {
    return this.#length
  }

  get room(): number {
    return this.#limit - this.#length
  }

  /** What was written so far, valid until the next `reset`. */
  get written(): Bytes {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Empty again, and with room for so many bytes, at most the capacity. */
  reset(limit = this.#buffer.length): void {
    this.#length = 0
    this.#limit = limit
  }

  u8(value: number): this {
    this.#view.setUint8(this.#length++, value)
    return this
  }

  u16(value: number): this {
    this.#view.setUint16(this.#length, value)
    this.#length += 2
    return this
  }

  varint(value: number): this {
    const at = this.#length
    const bytes = varintBytes(value)
    if (bytes === 1) this.#view.setUint8(at, value)
    else if (bytes === 2) this.#view.setUint16(at, value | 0x4000)
    else if (bytes === 4) this.#view.setUint32(at, value + 0x80000000)
    else {
      this.#view.setUint32(at, Math.floor(value / HIGH) + 0xc0000000)
      this.#view.setUint32(at + 4, value % HIGH)
    }
    this.#length += bytes
    return this
  }

  /** Fills what room is left with zeros. */
  zeros(): this {
    this.#buffer.fill(0, this.#length, this.#limit)
    this.#length = this.#limit
    return this
  }

  /** All of the bytes, or those from `start` up to `end`. */
  bytes(source: Uint8Array, start = 0, end = source.length): this {
    const bytes = start === 0 && end === source.length ? source : source.subarray(start, end)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }
}

/** Reads without copying: the views it returns live as long as the packet's buffer. Errors: malformed, too-large. */
export class PacketReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  u16(): number {
    const at = this.#take(2)
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!
  }

  varint(): number {
    const first = this.u8()
    const more = (1 << (first >> 6)) - 1
    const at = this.#take(more)
    let value = first & 0x3f
    for (let i = 0; i < more; i++) value = value * 256 + this.#bytes[at + i]!
    if (value > Number.MAX_SAFE_INTEGER) throw new BanyanError('malformed', 'a number past 2^53')
    return value
  }

  view(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  #take(length: number): number {
    const start = this.#offset
    if (length > this.#bytes.length - start) throw new BanyanError('malformed', 'ends too early')
    this.#offset = start + length
    return start
  }
}
