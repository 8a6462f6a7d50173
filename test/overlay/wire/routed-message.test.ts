import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type Bytes, toHex } from '../../../main/overlay/base/bytes.ts'
import { idFromBytes } from '../../../main/overlay/base/id.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { hintOf } from '../../../main/overlay/wire/id-hints.ts'
import {
  decodeReply,
  decodeRouted,
  encodeReply,
  encodeRouted,
  MAX_DETOURS,
  MAX_HOPS,
  MAX_ROUTED_BYTES,
  MAX_VISITED,
  REPLY,
  type RoutedMessage,
  type RoutedReply,
} from '../../../main/overlay/wire/routed-message.ts'

const SEED = 1205
const malformed = expect.objectContaining({ code: 'malformed' })
const tooLarge = expect.objectContaining({ code: 'too-large' })
/** Behind the type byte: where the hop count and the number of detours left stand. */
const HOPS_AT = 8 + 32 + 1 + 1
const DETOURS_AT = HOPS_AT + 2

const bytes = (length: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((each) => Uint8Array.from(each))
const anyId = bytes(32).map((each) => idFromBytes(each))
const requestId = bytes(8).map((each) => toHex(each))
const payload = fc.uint8Array({ maxLength: 100 }).map((each) => Uint8Array.from(each))
const bound = fc.record({ target: anyId, hops: fc.nat(255) })

const anyMessage: fc.Arbitrary<RoutedMessage> = fc
  .record({
    requestId,
    key: anyId,
    application: fc.nat(255),
    isExact: fc.boolean(),
    hops: fc.nat(MAX_HOPS),
    offset: fc.integer({ min: -128, max: 127 }),
    detoursLeft: fc.nat(MAX_DETOURS),
    source: anyId,
    keyHops: fc.nat(255),
    bound: fc.option(bound, { nil: undefined }),
    isFollowing: fc.boolean(),
    visited: fc.array(anyId.map(hintOf), { maxLength: MAX_VISITED }),
    payload,
  })
  .map((message) => ({ ...message, isFollowing: message.isFollowing && message.bound !== undefined }))

const anyReply: fc.Arbitrary<RoutedReply> = fc.record({
  requestId,
  status: fc.constantFrom(...Object.values(REPLY)),
  hops: fc.nat(255),
  responder: anyId,
  payload,
})

const body = (message: Uint8Array): Reader => new Reader(message.slice(1))

function example(overrides: Partial<RoutedMessage>): RoutedMessage {
  return { ...fc.sample(anyMessage, { seed: SEED, numRuns: 1 })[0]!, ...overrides }
}

describe('a routed message', () => {
  it('survives the wire, with a bound and without', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeRouted(body(encodeRouted(message)))).toEqual(message)
      }),
      { seed: SEED },
    )
  })

  it('carries the last nodes visited where there are too many', () => {
    const visited = fc.sample(anyId.map(hintOf), { seed: SEED, numRuns: MAX_VISITED + 5 })
    expect(decodeRouted(body(encodeRouted(example({ visited })))).visited).toEqual(visited.slice(5))
  })

  it('that claims a detour budget above the common one gets the common one', () => {
    const encoded = encodeRouted(example({ detoursLeft: 1 }))
    encoded[1 + DETOURS_AT] = 255
    expect(decodeRouted(body(encoded)).detoursLeft).toBe(MAX_DETOURS)
  })

  it('follows no record without saying which', () => {
    const message = { ...example({ bound: undefined }), isFollowing: true }
    expect(decodeRouted(body(encodeRouted(message))).isFollowing).toBe(false)
  })

  it('is refused past its hop limit, past its size, and with more visited nodes than there may be', () => {
    const encoded = encodeRouted(example({ hops: MAX_HOPS, bound: undefined, visited: [] }))
    decodeRouted(body(encoded))
    const farther = Uint8Array.from(encoded)
    farther[1 + HOPS_AT] = MAX_HOPS + 1
    expect(() => decodeRouted(body(farther))).toThrowError(malformed)
    const crowded = Uint8Array.from(encoded)
    crowded[1 + DETOURS_AT + 1 + 32 + 1] = MAX_VISITED + 1
    expect(() => decodeRouted(body(crowded))).toThrowError(tooLarge)
    const large = new Uint8Array(MAX_ROUTED_BYTES + 1)
    expect(() => encodeRouted(example({ payload: large }))).toThrowError(tooLarge)
    expect(() => decodeRouted(body(Uint8Array.of(...encoded, 0)))).toThrowError(malformed)
  })
})

describe('an answer', () => {
  it('survives the wire', () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        expect(decodeReply(body(encodeReply(reply)))).toEqual(reply)
      }),
      { seed: SEED },
    )
  })

  it('of an unknown status, or too large, is refused', () => {
    const [reply] = fc.sample(anyReply, { seed: SEED, numRuns: 1 })
    const encoded = encodeReply(reply!)
    encoded[1 + 8] = REPLY.failed + 1
    expect(() => decodeReply(body(encoded))).toThrowError(malformed)
    expect(() => encodeReply({ ...reply!, payload: new Uint8Array(MAX_ROUTED_BYTES + 1) })).toThrowError(
      tooLarge,
    )
  })
})

it('any bytes, and any change to real ones, fail with a typed error or parse', () => {
  const real = fc.oneof(anyMessage.map(encodeRouted), anyReply.map(encodeReply))
  const mutated = fc.tuple(real, fc.nat(), fc.nat(255), fc.nat(40)).map(([whole, at, value, cut]) => {
    const copy = Uint8Array.from(whole)
    copy[at % copy.length] = value
    return copy.slice(0, copy.length - (cut < 20 ? cut : 0))
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (input) => {
      for (const decode of [decodeRouted, decodeReply]) {
        try {
          decode(body(input))
        } catch (error) {
          expect(error).toBeInstanceOf(BanyanError)
        }
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})
