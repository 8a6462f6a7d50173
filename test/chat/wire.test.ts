import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBundle, encodeBundle } from '../../main/chat/devices/bundle.ts'
import { type Frame, decodeFrame, encodeFrame } from '../../main/chat/messaging/frames.ts'
import { type Payload, decodePayload, encodePayload } from '../../main/chat/messaging/payloads.ts'
import { cleanName } from '../../main/chat/contacts/clean-name.ts'
import { codeOf } from '../../main/overlay/base/errors.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Uint8Array.from(b))
const id = bytes(16)
const text = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
const name = fc.string({ minLength: 1, maxLength: 20 }).filter((t) => cleanName(utf8(t)) === t)

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('sealed' as const),
    ciphertext: fc.record({ kind: fc.constantFrom('first' as const, 'ratchet' as const), bytes: bytes(90) }),
    certificate: fc.option(bytes(204), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('ack' as const),
    acks: fc.array(fc.record({ envelope: id, token: id }), { maxLength: 256 }),
  }),
  fc.record({ kind: fc.constant('nack' as const), envelopes: fc.array(id, { maxLength: 256 }) }),
  fc.constant({ kind: 'ask' as const }),
)

const payloads: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), messageId: id, after: id, sentAtMs: fc.nat(), text }),
  fc.record({ kind: fc.constant('hello' as const), invitation: id, name }),
  fc.record({ kind: fc.constant('accept' as const), name }),
  fc.record({ kind: fc.constant('profile' as const), name }),
  fc.record({ kind: fc.constant('read' as const), messageIds: fc.array(id, { maxLength: 512 }) }),
)

function failsTyped(decode: () => unknown): boolean {
  try {
    decode()
    return true
  } catch (error) {
    return codeOf(error) === 'malformed' || codeOf(error) === 'too-large'
  }
}

describe('frames and payloads', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(frames, (frame) => void expect(decodeFrame(encodeFrame(frame))).toEqual(frame)))
    fc.assert(
      fc.property(
        id,
        payloads,
        (token, payload) =>
          void expect(decodePayload(encodePayload(token, payload))).toEqual({ token, payload }),
      ),
    )
  })

  it('that are none fail with a typed error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => failsTyped(() => decodeFrame(any))))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => failsTyped(() => decodePayload(any))))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => failsTyped(() => decodeBundle(any))))
  })

  it('of a bundle come back as they were', () => {
    const bundle = fc.record({
      registrationId: fc.integer({ min: 1, max: 0xffff }),
      identityKey: bytes(33),
      id: fc.nat(),
      signedPrekey: bytes(33),
      signedPrekeySignature: bytes(64),
      kyberPrekey: bytes(1569),
      kyberPrekeySignature: bytes(64),
    })
    fc.assert(
      fc.property(bundle, (one) => void expect(decodeBundle(encodeBundle(one))).toEqual(one)),
      { numRuns: 20 },
    )
  })

  it.each([
    [
      'the last text kind',
      encodePayload(new Uint8Array(16), {
        kind: 'text',
        messageId: new Uint8Array(16),
        after: new Uint8Array(16),
        sentAtMs: 1,
        text: 'x'.repeat(65537),
      }),
    ],
  ])('over their limit are too large', (_, payload) =>
    expect(() => decodePayload(payload)).toThrowError(expect.objectContaining({ code: 'too-large' })),
  )
})
