import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { PacketReader, PacketWriter, varintBytes } from '../../../main/overlay/wire/packet-codec.ts'
import {
  type Frame,
  MAX_REASON_BYTES,
  isProbing,
  readFrames,
  writeFrame,
} from '../../../main/overlay/wire/packet-frames.ts'
import { MAX_FRAMES_BYTES } from '../../../main/overlay/wire/packet.ts'

function encode(...frames: Frame[]): Uint8Array {
  const writer = new PacketWriter(2 * MAX_FRAMES_BYTES)
  for (const frame of frames) writeFrame(writer, frame)
  return writer.written
}

const data = Uint8Array.of(0xaa, 0xbb)
const pathData = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const table: [string, Frame, string][] = [
  ['ping', { type: 'ping' }, '01'],
  ['ack of one packet', { type: 'ack', delayUs: 5, ranges: [{ first: 0, last: 0 }] }, '0200050000'],
  [
    'ack with gaps',
    {
      type: 'ack',
      delayUs: 1000,
      ranges: [
        { first: 90, last: 100 },
        { first: 80, last: 80 },
        { first: 3, last: 7 },
      ],
    },
    '02406443e8020a0800404704',
  ],
  ['stream', { type: 'stream', id: 0, offset: 0, isLast: false, data }, '03000002aabb'],
  ['end of a stream', { type: 'stream', id: 5, offset: 16384, isLast: true, data }, '04058000400002aabb'],
  ['max data', { type: 'max-data', limitBytes: 2 ** 30 }, '05c000000040000000'],
  ['max stream data', { type: 'max-stream-data', id: 0, limitBytes: 63 }, '06003f'],
  ['close', { type: 'close', code: 1, reason: 'été' }, '070105c3a974c3a9'],
  ['IPv4', { type: 'observed-address', address: { host: '192.0.2.1', port: 4660 } }, '0804c00002011234'],
  [
    'IPv6',
    { type: 'observed-address', address: { host: '2001:db8::1', port: 1 } },
    '080620010db80000000000000000000000010001',
  ],
  ['path challenge', { type: 'path-challenge', data: pathData }, '100102030405060708'],
  ['path response', { type: 'path-response', data: pathData }, '110102030405060708'],
  ['max streams', { type: 'max-streams', count: 4097 }, '205001'],
  ['reset stream', { type: 'reset-stream', id: 4, code: 64, size: 16384 }, '2104404080004000'],
  ['stop sending', { type: 'stop-sending', id: 5, code: 0 }, '220500'],
  ['datagram', { type: 'datagram', data }, '2302aabb'],
  ['application close', { type: 'application-close', code: 64, reason: 'été' }, '25404005c3a974c3a9'],
  ['ack frequency', { type: 'ack-frequency', packets: 16 }, '2410'],
  ['empty datagram', { type: 'datagram', data: new Uint8Array(0) }, '2300'],
]

describe('frames', () => {
  it.each(table)('%s has these bytes', (_name, frame, hex) => {
    expect(toHex(encode(frame))).toBe(hex)
    expect(readFrames(fromHex(hex)!)).toEqual([frame])
  })

  it('stand one after another, with padding anywhere', () => {
    const frames = table.map(([, frame]) => frame)
    const bytes = fromHex(`0000${table.map(([, , hex]) => hex).join('00')}0000`)!
    expect(readFrames(bytes)).toEqual(frames)
  })

  const malformed: [string, string, string][] = [
    ['an unknown frame', '09', 'malformed'],
    ['an unknown frame behind a good one', '01ff', 'malformed'],
    ['a cut stream', '03000003aabb', 'malformed'],
    ['an ack below zero', '0200050001', 'malformed'],
    ['an ack whose gap leads below zero', '02050001020102', 'malformed'],
    ['an ack of too many ranges', '023f05404000', 'too-large'],
    ['a stream past 2^53', '0300c01fffffffffffff02aabb', 'malformed'],
    ['a number past 2^53', '05ffffffffffffffff', 'malformed'],
    ['a reason that is too long', '07014081', 'too-large'],
    ['a reason that is not UTF-8', '070001ff', 'malformed'],
    ['an address of no family', '0805c00002011234', 'malformed'],
    ['a cut challenge', '1001020304050607', 'malformed'],
    ['a cut response', '1101020304050607', 'malformed'],
    ['a cut address', '0806c0000201', 'malformed'],
    ['a cut reset', '210440', 'malformed'],
    ['a cut stop', '2205', 'malformed'],
    ['a count of streams past 2^53', '20ffffffffffffffff', 'malformed'],
    ['a cut datagram', '2303aabb', 'malformed'],
    ['an ack for no packets', '2400', 'malformed'],
    ['an ack for too many packets', '244041', 'malformed'],
  ]
  it.each(malformed)('%s is a typed error', (_name, hex, code) => {
    expect(() => readFrames(fromHex(hex)!)).toThrowError(expect.objectContaining({ code }))
  })

  it('of random bytes are read, or fail with a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readFrames(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BanyanError)
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('that only ask or answer about paths are told from others', () => {
    const frameOf = (wanted: string) => table.find(([name]) => name === wanted)![1]
    const [ask, answer] = [frameOf('path challenge'), frameOf('path response')]
    expect([isProbing([ask]), isProbing([ask, answer])]).toEqual([true, true])
    expect([isProbing([ask, { type: 'ping' }]), isProbing([{ type: 'ping' }])]).toEqual([false, false])
  })

  it('cut a long reason between characters', () => {
    const [frame] = readFrames(encode({ type: 'close', code: 0, reason: 'é'.repeat(100) }))
    expect(frame).toEqual({ type: 'close', code: 0, reason: 'é'.repeat(MAX_REASON_BYTES / 2) })
  })
})

describe('variable-length integers', () => {
  // RFC 9000 §A.1.
  const samples: [string, number][] = [
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
    ['4025', 37],
  ]
  it.each(samples)('%s is read as in RFC 9000 §A.1', (hex, value) => {
    expect(new PacketReader(fromHex(hex)!).varint()).toBe(value)
  })

  it('past 2^53 are refused (the first sample of RFC 9000 §A.1)', () => {
    expect(() => new PacketReader(fromHex('c2197c5eff14e88c')!).varint()).toThrowError(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const writer = new PacketWriter(8).varint(value)
        expect(writer.length).toBe(varintBytes(value))
        expect(new PacketReader(writer.written).varint()).toBe(value)
      }),
    )
  })
})
