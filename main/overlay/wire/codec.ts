// The two hands of every message: a Writer that grows, and a Reader that never reads past the end. All integers are
// big-endian. Lengths are checked against the message's own limits before anything is copied.

import { type Bytes, EMPTY, fromUtf8, hexOf8, utf8, writeHex } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { ID_BYTES, type Id, idAt } from '../base/id.ts'

/** Writers at work at one time are few: one message contains another now and then. */
const MAX_SPARE = 4
const SPARE_BYTES = 4096
/** Buffers that finished writers have left. What is handed out is a copy of the right length; a new buffer for each would cost more. */
const spare: Bytes[] = []
let copyOut = (buffer: Bytes, length: number): Bytes => buffer.slice(0, length)

/** What writers hand out is to be `copy`'s, of a buffer's first so many bytes: bytes that nobody else has. */
export function copyWrittenBy(copy: (buffer: Bytes, length: number) => Bytes): void {
  copyOut = copy
}

export class Writer {
  #buffer: Bytes
  #length = 0

  constructor(capacity = 256) {
    this.#buffer = (capacity <= SPARE_BYTES && spare.pop()) || new Uint8Array(Math.max(capacity, SPARE_BYTES))
  }

  u8(value: number): this {
    this.#grow(1)
    this.#buffer[this.#length++] = value
    return this
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value)
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value)
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
    this.#grow(ID_BYTES)
    writeHex(id, this.#buffer, this.#length)
    this.#length += ID_BYTES
    return this
  }

  /** Sixteen hex digits as eight bytes. */
  hex8(digits: string): this {
    this.#grow(8)
    writeHex(digits, this.#buffer, this.#length)
    this.#length += 8
    return this
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

  /** Everything written. The writer is empty again afterwards. */
  finish(): Bytes {
    const written = copyOut(this.#buffer, this.#length)
    if (this.#buffer.length === SPARE_BYTES && spare.length < MAX_SPARE) spare.push(this.#buffer)
    this.#buffer = EMPTY
    this.#length = 0
    return written
  }

  #grow(extra: number): void {
    const needed = this.#length + extra
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

/** Every method throws BanyanError('malformed') at the end of the input, or 'too-large' past a stated limit. */
export class Reader {
  readonly #bytes: Uint8Array
  #offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#offset = offset
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

  u32(): number {
    const high = this.u16()
    return high * 2 ** 16 + this.u16()
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
    const start = this.#take(ID_BYTES)
    return idAt(this.#bytes, start)
  }

  /** Their number, one byte, and so many ids. */
  ids(limit: number): Id[] {
    const count = this.u8()
    if (count > limit) throw new BanyanError('too-large', `${count} ids where at most ${limit} may stand`)
    return Array.from({ length: count }, () => this.id())
  }

  /** Eight bytes as sixteen hex digits. */
  hex8(): string {
    return hexOf8(this.#bytes, this.#take(8))
  }

  /** As `bytes32`, but a view of the message, for messages whose buffer is their own and whose payload is most of them. */
  view32(limit: number): Bytes {
    const length = this.#within(this.u32(), limit)
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length) as Bytes
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

  /** The 32 bits that stand so far ahead, without taking them; undefined past the end. */
  peek32(ahead: number): number | undefined {
    const at = this.#offset + ahead
    if (at + 4 > this.#bytes.length) return undefined
    const bytes = this.#bytes
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  /** Takes these bytes where they are what comes next; otherwise false, and nothing is taken. */
  skip(expected: Uint8Array): boolean {
    if (expected.length > this.remaining) return false
    for (let i = 0; i < expected.length; i++) if (this.#bytes[this.#offset + i] !== expected[i]) return false
    this.#offset += expected.length
    return true
  }

  /** Passes over so many bytes. */
  take(length: number): void {
    this.#take(length)
  }

  /** What was taken since the reader stood there, as a copy. */
  since(start: number): Bytes {
    return this.#bytes.slice(start, this.#offset) as Bytes
  }

  get offset(): number {
    return this.#offset
  }

  /** All of the message, read or not; not a copy: for whoever passes it on as it is. */
  get whole(): Bytes {
    return this.#bytes as Bytes
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
