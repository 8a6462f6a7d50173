import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { verifyPeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { keyedTagCrypto } from '../../../simulator/world/keyed-tag-crypto.ts'

const crypto = keyedTagCrypto(7)
const random = new SeededRandom(70)
const message = utf8('I am nearer than he is')

describe('modelled signatures', () => {
  const alice = crypto.signingKeyPair(random.bytes(32))
  const mallory = crypto.signingKeyPair(random.bytes(32))

  it('hold for the message and the key they were made with, each time the same', () => {
    const signature = crypto.sign(message, alice.secretKey)
    expect(crypto.verify(message, signature, alice.publicKey)).toBe(true)
    expect(crypto.sign(message, alice.secretKey)).toEqual(signature)
  })

  it('fail for another message, another key, another bit, and another length', () => {
    const signature = crypto.sign(message, alice.secretKey)
    expect(crypto.verify(utf8('I am nearer than she is'), signature, alice.publicKey)).toBe(false)
    expect(crypto.verify(message, signature, mallory.publicKey)).toBe(false)
    for (let bit = 0; bit < 512; bit += 7) {
      const bent = signature.slice()
      bent[bit >> 3]! ^= 1 << (bit & 7)
      expect(crypto.verify(message, bent, alice.publicKey)).toBe(false)
    }
    expect(crypto.verify(message, signature.slice(1), alice.publicKey)).toBe(false)
  })

  it('cannot be made by one who knows the public key alone', () => {
    const forgeries = [
      Uint8Array.of(...new Uint8Array(32), ...alice.publicKey),
      Uint8Array.of(...mallory.secretKey.slice(0, 32), ...alice.publicKey),
      Uint8Array.of(...alice.publicKey, ...alice.publicKey),
    ].map((secretKey) => crypto.sign(message, secretKey))
    for (const forgery of [...forgeries, new Uint8Array(64)])
      expect(crypto.verify(message, forgery, alice.publicKey)).toBe(false)
  })

  it('are worth nothing in another simulation', () => {
    const signature = crypto.sign(message, alice.secretKey)
    expect(keyedTagCrypto(8).verify(message, signature, alice.publicKey)).toBe(false)
  })

  it('carry real identities: a certificate for another noise key is refused', () => {
    const network = networkOf(crypto, 'simulated', 0)
    const seeds = (): Uint8Array<ArrayBuffer> => random.bytes(32)
    const identity = new Identity(crypto, network, { node: seeds(), noise: seeds() })
    const record = identity.selfRecord([])
    expect(() => verifyPeerRecord(record, crypto, network)).not.toThrow()
    const forged = { ...record, noiseKey: mallory.publicKey }
    expect(() => verifyPeerRecord(forged, crypto, network)).toThrow('did not certify')
  })

  it('have no handshake to offer', () => {
    expect(() => crypto.noiseResponder(alice, message)).toThrow('modelled sessions')
  })
})
