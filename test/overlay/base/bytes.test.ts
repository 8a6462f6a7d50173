import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  concat,
  equal,
  fromBase64Url,
  fromHex,
  toBase64Url,
  toHex,
} from '../../../main/overlay/base/bytes.ts'

describe('byte strings', () => {
  it('agree with Buffer on hex and base64url, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(equal(fromHex(toHex(bytes))!, bytes)).toBe(true)
        expect(equal(fromBase64Url(toBase64Url(bytes))!, bytes)).toBe(true)
      }),
    )
  })

  it.each(['a', 'zz', '0x', 'abc'])('refuses %j as hex', (text) => expect(fromHex(text)).toBeUndefined())

  // "AB" would carry four bits that no encoder writes: two texts for one value make links that differ and mean the same.
  it.each(['a', 'ab+', 'a=', 'AB', 'A A'])('refuses %j as base64url', (text) =>
    expect(fromBase64Url(text)).toBeUndefined(),
  )

  it('joins and compares', () => {
    expect(concat(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
    expect(equal(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
  })
})
