import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import {
  decodeKnock,
  decodeObserve,
  decodeObserved,
  encodeKnock,
  encodeObserve,
  encodeObserved,
  OBSERVE_BYTES,
} from '../../../main/overlay/wire/packet-reach.ts'
import {
  decodeKnockAnswer,
  decodeKnockAsk,
  decodeKnockDone,
  decodeKnockOrder,
  decodeKnockToken,
  encodeKnockAnswer,
  encodeKnockAsk,
  encodeKnockDone,
  encodeKnockOrder,
  encodeKnockToken,
} from '../../../main/overlay/wire/reach-messages.ts'

const SEED = 2211
const NONCE = '0123456789abcdef'
const TOKEN: Bytes = new Uint8Array(32).fill(7)
const ASKER = 'ab'.repeat(32) as NodeId
const ADDRESSES: Address[] = [
  { host: '198.18.3.4', port: 4000 },
  { host: '2001:db8::1', port: 65_535 },
]

const body = (message: Uint8Array): Reader => new Reader(message, 1)

/** What is sent, and its decoder; one row for each kind and address family. */
const KINDS: [string, Uint8Array, (bytes: Uint8Array) => unknown, unknown][] = [
  ['observe', encodeObserve(NONCE), decodeObserve, NONCE],
  ['knock', encodeKnock(NONCE), decodeKnock, NONCE],
  [
    'ask',
    encodeKnockAsk({ nonce: NONCE, who: 'other-port' }),
    (bytes) => decodeKnockAsk(body(bytes)),
    { nonce: NONCE, who: 'other-port' },
  ],
  [
    'done',
    encodeKnockDone({ nonce: NONCE, status: 'linked' }),
    (bytes) => decodeKnockDone(body(bytes)),
    { nonce: NONCE, status: 'linked' },
  ],
  ...ADDRESSES.flatMap((address): typeof KINDS => {
    const observed = { nonce: NONCE, address, token: TOKEN }
    const order = { nonce: NONCE, asker: ASKER, address }
    const answer = { nonce: NONCE, status: 'knocked', address, port: 40_001 } as const
    const token = { nonce: NONCE, askedNonce: 'fedcba9876543210', token: TOKEN, address }
    return [
      ['observed', encodeObserved(observed), decodeObserved, observed],
      ['order', encodeKnockOrder(order), (bytes) => decodeKnockOrder(body(bytes)), order],
      ['answer', encodeKnockAnswer(answer), (bytes) => decodeKnockAnswer(body(bytes)), answer],
      ['token', encodeKnockToken(token), (bytes) => decodeKnockToken(body(bytes)), token],
    ]
  }),
]

/** 'read', or the code of the typed error; any other exception fails the test. */
function verdict(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    decode(bytes)
    return 'read'
  } catch (error) {
    if (error instanceof BanyanError) return error.code
    throw error
  }
}

describe('what is said about reach', () => {
  it.each(KINDS)('%s survives the wire', (_name, bytes, decode, said) => {
    expect(decode(bytes)).toEqual(said)
  })

  it.each(KINDS)('%s cut or with a byte too many is malformed', (_name, bytes, decode) => {
    for (let length = 1; length < bytes.length; length++)
      expect(verdict(decode, bytes.subarray(0, length)), `${length} bytes`).toBe('malformed')
    expect(verdict(decode, Uint8Array.of(...bytes, 0))).toBe('malformed')
  })

  it.each(KINDS)('%s of any bytes is read or refused, with a typed error', (_name, bytes, decode) => {
    const changed = fc
      .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) => changes.reduce((all, [at, byte]) => all.with(at, byte), new Uint8Array(bytes)))
    const any = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 100 }), changed)
    const holds = fc.property(any, (hostile) => /^(read|malformed|too-large)$/.test(verdict(decode, hostile)))
    fc.assert(holds, { seed: SEED, numRuns: 1_000 })
  })

  it('never answers with more than was asked with', () => {
    for (const address of ADDRESSES)
      expect(encodeObserved({ nonce: NONCE, address, token: TOKEN }).length).toBeLessThanOrEqual(
        OBSERVE_BYTES,
      )
    expect(encodeObserve(NONCE).length).toBe(OBSERVE_BYTES)
    expect(encodeKnock(NONCE).length).toBe(9)
  })
})
