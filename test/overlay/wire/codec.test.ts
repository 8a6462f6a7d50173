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
})
