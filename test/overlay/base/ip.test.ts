import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHost, isLoopback, parseHost } from '../../../main/overlay/base/ip.ts'

describe('numeric addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::', '::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['0:1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
  ])('reads %s and writes %s (RFC 5952)', (given, canonical) =>
    expect(formatHost(parseHost(given)!)).toBe(canonical),
  )

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    'localhost',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3',
    'g::',
  ])('refuses %j', (text) => expect(parseHost(text)).toBeUndefined())

  it('round-trips whatever bytes there are', () => {
    const host = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    fc.assert(
      fc.property(host, (bytes) => {
        expect([...parseHost(formatHost(bytes))!]).toEqual([...bytes])
      }),
    )
  })

  it('knows loopback', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
    expect(['128.0.0.1', '::2', '0.0.0.0', 'x'].some(isLoopback)).toBe(false)
  })
})
