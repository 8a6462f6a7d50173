import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../../main/overlay/base/errors.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { circuitAddress } from '../../../main/overlay/ports/datagram-socket.ts'
import { carriesPacket, circuitIdOf, writeCarriedHeader } from '../../../main/overlay/wire/carried-packet.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import {
  MAX_SIGNAL_BYTES,
  RELAY_REASONS,
  type Signal,
  decodeAnswered,
  decodeCalled,
  decodeClosed,
  decodeConnect,
  decodeOffer,
  decodeOpened,
  decodeRefused,
  decodeReserve,
  decodeReserved,
  decodeSignal,
  encodeAnswered,
  encodeCalled,
  encodeClosed,
  encodeConnect,
  encodeOffer,
  encodeOpened,
  encodeRefused,
  encodeReserve,
  encodeReserved,
  encodeSignal,
} from '../../../main/overlay/wire/relay-messages.ts'

const NODE = '0123456789abcdef'.repeat(4) as NodeId
const CIRCUIT = 2 ** 53 - 1
const TOKEN = 2 ** 32 - 2

const SIGNAL: Signal = {
  isAnswer: false,
  token: TOKEN,
  node: NODE,
  observed: undefined,
  payload: Uint8Array.of(1, 2, 3),
}
const PASSED: Signal = { ...SIGNAL, isAnswer: true, observed: { host: '192.0.2.1', port: 77 } }

const MESSAGES: [string, Bytes, (reader: Reader) => unknown, unknown][] = [
  ['reserve', encodeReserve(TOKEN), decodeReserve, TOKEN],
  [
    'reserved',
    encodeReserved({ token: TOKEN, seconds: 3600, circuits: 8 }),
    decodeReserved,
    { token: TOKEN, seconds: 3600, circuits: 8 },
  ],
  ['refused', encodeRefused(TOKEN, 'too-fast'), decodeRefused, { token: TOKEN, reason: 'too-fast' }],
  ['connect', encodeConnect(TOKEN, NODE), decodeConnect, { token: TOKEN, target: NODE }],
  ['called', encodeCalled(CIRCUIT, NODE), decodeCalled, { circuitId: CIRCUIT, caller: NODE }],
  ['answered', encodeAnswered(CIRCUIT, true), decodeAnswered, { circuitId: CIRCUIT, isWilling: true }],
  ['opened', encodeOpened(TOKEN, CIRCUIT), decodeOpened, { token: TOKEN, circuitId: CIRCUIT }],
  ['closed', encodeClosed(CIRCUIT, 'idle'), decodeClosed, { circuitId: CIRCUIT, reason: 'idle' }],
  ['signal', encodeSignal(SIGNAL), decodeSignal, SIGNAL],
  ['signal passed', encodeSignal(PASSED), decodeSignal, PASSED],
  [
    'offer',
    encodeOffer({ isRelay: true, isHandshakeServer: true, load: 0.2 }),
    decodeOffer,
    { isRelay: true, isHandshakeServer: true, load: 51 / 255 },
  ],
]

const read = (message: Uint8Array, decode: (reader: Reader) => unknown): unknown =>
  decode(new Reader(message, 1))

describe("the relay's messages", () => {
  it.each(MESSAGES)('%s comes back as it was', (_name, message, decode, value) => {
    expect(read(message, decode)).toEqual(value)
  })

  it.each(MESSAGES.slice(0, 8))(
    '%s cut off anywhere, or too long, is malformed',
    (_name, message, decode) => {
      const lengths = [...Array(message.length - 1).keys()].map((i) => i + 1)
      const wrong = [...lengths.map((length) => message.slice(0, length)), Uint8Array.of(...message, 0)]
      for (const bytes of wrong) expect(() => read(bytes, decode)).toThrow(BanyanError)
    },
  )

  it('take any bytes, and fail with a typed error or not at all', () => {
    const decoders = MESSAGES.map(([, , decode]) => decode)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), fc.constantFrom(...decoders), (bytes, decode) => {
        try {
          read(bytes, decode)
        } catch (error) {
          expect(codeOf(error)).not.toBe('internal')
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('pin their bytes', () => {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    expect(hex(encodeRefused(1, 'used-up'))).toBe('200000000109')
    expect(hex(encodeOpened(1, 2 ** 32 + 3))).toBe('24000000010000000100000003')
    expect(hex(encodeSignal(PASSED))).toBe(`2603fffffffe${NODE}04c0000201004d010203`)
    expect(RELAY_REASONS.indexOf('gone')).toBe(14)
  })

  it('hold no signal past its limit, of either side', () => {
    const payload = new Uint8Array(MAX_SIGNAL_BYTES + 1)
    expect(() => encodeSignal({ ...SIGNAL, payload })).toThrow('1025 bytes')
    const most = encodeSignal({ ...SIGNAL, payload: payload.subarray(1) })
    expect(() => read(Uint8Array.of(...most, 0), decodeSignal)).toThrow('1025 bytes')
  })

  it('name no circuit as the place where somebody is seen', () => {
    const message = encodeSignal({ ...SIGNAL, observed: circuitAddress(1, 2) })
    expect(() => read(message, decodeSignal)).toThrow('a circuit is seen nowhere')
  })

  it('read a reason that is not known yet as some reason', () => {
    expect(read(Uint8Array.of(32, 0, 0, 0, 1, 99), decodeRefused)).toEqual({ token: 1, reason: 'other' })
  })
})

describe('a carried packet', () => {
  it('bears its circuit id, whatever the number', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (id) => {
        const datagram = new Uint8Array(10)
        writeCarriedHeader(datagram, id)
        expect(circuitIdOf(datagram)).toBe(id)
      }),
    )
  })

  it.each([
    ['nothing', [], false],
    ['a sealed packet', [5], true],
    ['one of an odd key phase', [133], true],
    ['an initiation', [1], true],
    ['another carried packet', [6], false],
    ['a question for the address one is seen at', [7], false],
  ])('holds %s: %s', (_name, inner, isFine) => {
    const datagram = new Uint8Array(9 + inner.length)
    writeCarriedHeader(datagram, 1)
    datagram.set(inner, 9)
    expect(carriesPacket(datagram)).toBe(isFine)
  })
})
