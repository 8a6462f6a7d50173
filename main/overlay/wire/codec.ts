// The two hands of every message: a Writer that grows, and a Reader that never reads past the end. All integers are
// big-endian. Lengths are checked against the message's own limits before anything is copied.

import { type Bytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { ID_BYTES, type Id, idFromBytes, idToBytes } from '../base/id.ts'

export class Writer {
  #buffer: Bytes
  #view: DataView<ArrayBuffer>
  #length = 0

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity)
    this.#view = new DataView(this.#buffer.buffer)
  }

  u8(value: number): this {
    this.#grow(1)
    this.#buffer[this.#length++] = value
    return this
  }

  u16(value: number): this {
    this.#grow(2)
    this.#view.setUint16(this.#length, value)
    this.#length += 2
    return this
  }

  u32(value: number): this {
    this.#grow(4)
    this.#view.setUint32(this.#length, value)
    this.#length += 4
    return this
  }

  /** A whole number below 2^53, in 8 bytes. */
  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32)
  }

  bytes(bytes: Uint8Array): this {
    this.#grow(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  id(id: Id): this {
    return this.bytes(idToBytes(id))
  }

  /** Up to 65,535 bytes behind a 16-bit length. */
  bytes16(bytes: Uint8Array): this {
    if (bytes.length > 0xffff)
      throw new BanyanError('too-large', `${bytes.length} bytes in a field of at most 65535`)
    return this.u16(bytes.length).bytes(bytes)
  }

  bytes32(bytes: Uint8Array): this {
    return this.u32(bytes.length).bytes(bytes)
  }

  text16(text: string): this {
    return this.bytes16(utf8(text))
  }

  finish(): Bytes {
    return this.#buffer.slice(0, this.#length)
  }

  #grow(extra: number): void {
    const needed = this.#length + extra
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Every method throws BanyanError('malformed') at the end of the input, or 'too-large' past a stated limit. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  u64(): number {
    const high = this.u32()
    if (high >= 2 ** 21) throw new BanyanError('malformed', 'a number past 2^53')
    return high * 2 ** 32 + this.u32()
  }

  /** A copy, so that the caller may keep it when the datagram's buffer is reused. */
  bytes(length: number): Bytes {
    const start = this.#take(length)
    return this.#bytes.slice(start, start + length) as Bytes
  }

  id(): Id {
    return idFromBytes(this.bytes(ID_BYTES))
  }

  bytes16(limit: number): Bytes {
    return this.bytes(this.#within(this.u16(), limit))
  }

  bytes32(limit: number): Bytes {
    return this.bytes(this.#within(this.u32(), limit))
  }

  text16(limit: number): string {
    const bytes = this.bytes16(limit)
    try {
      return fromUtf8(bytes)
    } catch (cause) {
      throw new BanyanError('malformed', 'text that is not UTF-8', { cause })
    }
  }

  rest(): Bytes {
    return this.bytes(this.remaining)
  }

  /** Messages that may not be longer than what was read call this last. */
  end(): void {
    if (this.remaining !== 0) throw new BanyanError('malformed', `${this.remaining} bytes too many`)
  }

  #take(length: number): number {
    const start = this.#offset
    if (length > this.remaining) throw new BanyanError('malformed', 'ends too early')
    this.#offset += length
    return start
  }

  #within(length: number, limit: number): number {
    if (length > limit) throw new BanyanError('too-large', `${length} bytes in a field of at most ${limit}`)
    return length
  }
}
