import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader, Writer } from '../../../main/overlay/wire/codec.ts'

const malformed = expect.objectContaining({ code: 'malformed' })
const tooLarge = expect.objectContaining({ code: 'too-large' })

describe('the codec', () => {
  it('reads back what it wrote', () => {
    const fields = fc.tuple(
      fc.nat(0xff),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.uint8Array({ maxLength: 600 }),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(fields, ([a, b, c, d, bytes, text]) => {
        const written = new Writer(1)
          .u8(a)
          .u16(b)
          .u32(c)
          .u64(d)
          .bytes16(bytes)
          .bytes32(bytes)
          .text16(text)
          .finish()
        const reader = new Reader(written)
        expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([a, b, c, d])
        expect(reader.bytes16(600)).toEqual(bytes)
        expect(reader.bytes32(600)).toEqual(bytes)
        expect(reader.text16(0xffff)).toBe(text)
        reader.end()
      }),
    )
  })

  it('never reads past the end and never trusts a length', () => {
    expect(() => new Reader(Uint8Array.of(1)).u16()).toThrowError(malformed)
    expect(() => new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).bytes32(10)).toThrowError(tooLarge)
    expect(() => new Reader(Uint8Array.of(0, 9, 1)).bytes16(10)).toThrowError(malformed)
    expect(() => new Reader(new Uint8Array(8).fill(255)).u64()).toThrowError(malformed)
    expect(() => new Reader(Uint8Array.of(0, 1, 0xff)).text16(10)).toThrowError(malformed)
    expect(() => new Reader(Uint8Array.of(0)).end()).toThrowError(malformed)
    expect(() => new Writer().bytes16(new Uint8Array(65536))).toThrowError(tooLarge)
  })

  it('skips what is expected and nothing else', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3, 0x89, 0xab, 0xcd, 0xef))
    expect(reader.skip(Uint8Array.of(1, 3))).toBe(false)
    expect(reader.skip(Uint8Array.of(1, 2))).toBe(true)
    expect([reader.offset, reader.remaining]).toEqual([2, 5])
    expect(reader.peek32(1)! >>> 0).toBe(0x89abcdef)
    expect(reader.peek32(2)).toBe(undefined)
    expect(reader.skip(Uint8Array.of(3, 0x89, 0xab, 0xcd, 0xef, 0))).toBe(false)
    expect(reader.u8()).toBe(3)
    expect([...reader.since(1)]).toEqual([2, 3])
  })

  it('reads eight bytes as sixteen digits, and from any place on', () => {
    const eight = fc.uint8Array({ minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(eight, fc.uint8Array({ maxLength: 20 }), (bytes, before) => {
        const digits = Buffer.from(bytes).toString('hex')
        const written = new Writer(1).bytes(before).hex8(digits).u8(7).finish()
        expect([...written.subarray(before.length)]).toEqual([...bytes, 7])
        const reader = new Reader(written, before.length)
        expect([reader.remaining, reader.hex8(), reader.u8(), reader.remaining]).toEqual([9, digits, 7, 0])
      }),
    )
    expect(() => new Reader(new Uint8Array(7)).hex8()).toThrow(malformed)
  })

  it('shows a payload as it lies in the message, within its limit', () => {
    const written = new Writer(1)
      .u8(1)
      .bytes32(Uint8Array.of(5, 6, 7))
      .u8(9)
      .finish()
    const reader = new Reader(written, 1)
    const payload = reader.view32(3)
    expect([[...payload], reader.u8()]).toEqual([[5, 6, 7], 9])
    expect(payload.buffer).toBe(written.buffer)
    expect(() => new Reader(written, 1).view32(2)).toThrow(tooLarge)
    expect(() => new Reader(written.subarray(0, 7), 1).view32(3)).toThrow(malformed)
  })

  it('writers at work at the same time do not write into each other', () => {
    const outer = new Writer().u8(1)
    for (let i = 0; i < 9; i++) {
      const inner = new Writer().u16(i)
      const unfinished = new Writer(10_000).u8(99)
      outer.bytes(inner.finish())
      unfinished.u8(98)
    }
    expect([...outer.finish()]).toEqual([1, ...Array.from({ length: 9 }, (_, i) => [0, i]).flat()])
    expect(outer.u8(5).finish()).toEqual(Uint8Array.of(5))
  })
})
