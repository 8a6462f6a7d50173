import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type BanyanError } from '../../../main/overlay/base/errors.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import {
  encodeReceipt,
  encodeSignedDirect,
  openSignedDirect,
  verifyReceipt,
} from '../../../main/overlay/wire/direct-message.ts'
import { nodeIdOf } from '../../../main/overlay/wire/peer-record.ts'
import { NUMBER_BYTES } from '../../../main/overlay/wire/signed-message.ts'

const SEED = 1711
const [alice, bob, mallory] = [1, 2, 3].map((seed) => {
  const pair = crypto.signingKeyPair(new Uint8Array(32).fill(seed))
  return { pair, id: nodeIdOf(crypto, pair.publicKey) }
}) as [Party, Party, Party]
type Party = { pair: ReturnType<typeof crypto.signingKeyPair>; id: ReturnType<typeof nodeIdOf> }

const message = { from: alice.id, to: bob.id, number: new Uint8Array(NUMBER_BYTES).fill(7) }
const signed = encodeSignedDirect(crypto, alice.pair, { ...message, payload: utf8('hi') })
const receipt = encodeReceipt(crypto, bob.pair, openSignedDirect(crypto, bob.id, signed))
const verdictOn = (bytes: Uint8Array, of = message): string => {
  try {
    verifyReceipt(crypto, of, bytes)
    return 'good'
  } catch (error) {
    return (error as BanyanError).code
  }
}

describe('a receipt', () => {
  it('is good for the message, its sender and its receiver, and for nothing else', () => {
    const another = new Uint8Array(NUMBER_BYTES).fill(8)
    expect(verdictOn(receipt)).toBe('good')
    expect(verdictOn(receipt, { ...message, number: another })).toBe('bad-signature')
    expect(verdictOn(receipt, { ...message, from: mallory.id })).toBe('bad-signature')
    expect(verdictOn(receipt, { ...message, to: mallory.id })).toBe('bad-signature')
    expect(verdictOn(signed)).toBe('bad-signature')
  })

  it(`changed or cut anywhere is none (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.nat(receipt.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(receipt)
        changed[at]! ^= flip
        expect(verdictOn(changed)).toBe('bad-signature')
        expect(verdictOn(receipt.slice(0, at))).toBe('malformed')
      }),
      { seed: SEED },
    )
  })

  it(`made of any bytes is refused by a code (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['malformed', 'bad-signature']).toContain(verdictOn(bytes))
      }),
      { seed: SEED },
    )
  })
})
