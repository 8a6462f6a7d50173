import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { hostRandom as random } from '../../main/host/random.ts'
import { toHex, utf8 } from '../../main/overlay/base/bytes.ts'
import { type SessionKeys } from '../../main/overlay/ports/crypto.ts'

function connected(): { dialler: SessionKeys; answerer: SessionKeys } {
  const bob = crypto.agreementKeyPair(random.bytes(32))
  const alice = crypto.agreementKeyPair(random.bytes(32))
  const dialler = crypto.noiseInitiator(alice, bob.publicKey, utf8('net'))
  const answerer = crypto.noiseResponder(bob, utf8('net'))
  answerer.read(dialler.write(utf8('')))
  dialler.read(answerer.write(utf8('')))
  return { dialler: dialler.keys(), answerer: answerer.keys() }
}

describe('crypto over sodium and noise', () => {
  it('finishes an IK handshake in one round trip, both sides with the same keys', () => {
    const alice = crypto.agreementKeyPair(random.bytes(32))
    const bob = crypto.agreementKeyPair(random.bytes(32))
    const dialler = crypto.noiseInitiator(alice, bob.publicKey, utf8('net'))
    const answerer = crypto.noiseResponder(bob, utf8('net'))
    expect(answerer.read(dialler.write(utf8('hello')))).toEqual(utf8('hello'))
    expect(answerer.remoteStatic()).toEqual(alice.publicKey)
    expect(dialler.read(answerer.write(utf8('back')))).toEqual(utf8('back'))
    expect(dialler.keys().send).toEqual(answerer.keys().receive)
    expect(dialler.keys().receive).toEqual(answerer.keys().send)
  })

  it('refuses a handshake of another prologue with a typed error', () => {
    const bob = crypto.agreementKeyPair(random.bytes(32))
    const dialler = crypto.noiseInitiator(
      crypto.agreementKeyPair(random.bytes(32)),
      bob.publicKey,
      utf8('net a'),
    )
    const answerer = crypto.noiseResponder(bob, utf8('net b'))
    expect(() => answerer.read(dialler.write(utf8('x')))).toThrowError(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it('gives each session keys that go when it erases them, and no other session loses any', () => {
    const sessions = Array.from({ length: 100 }, connected)
    for (const { dialler } of sessions.filter((_, i) => i % 2 === 0)) {
      dialler.send.fill(0)
      dialler.receive.fill(0)
    }
    for (const { dialler, answerer } of sessions.filter((_, i) => i % 2 === 1)) {
      expect(dialler.send).toEqual(answerer.receive)
      expect(dialler.receive).toEqual(answerer.send)
    }
  })

  it('hashes parts as what they are together, of any length, with BLAKE2b-256', () => {
    const known = 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319' // of "abc", RFC 7693's function
    expect(toHex(crypto.hash(utf8('a'), utf8('bc')))).toBe(known)
    for (const length of [0, 1, 2047, 2048, 2049, 100_000]) {
      const whole = random.bytes(length)
      const parts = [whole.subarray(0, 7), whole.subarray(7, length >> 1), whole.subarray(length >> 1)]
      const whatever = crypto.hash(utf8('something else in between'))
      expect(crypto.hash(whole)).not.toEqual(whatever)
      if (length >= 14) expect(crypto.hash(...parts)).toEqual(crypto.hash(whole))
      expect(crypto.hash(whole, utf8('+'))).not.toEqual(crypto.hash(whole))
    }
  })

  it('authenticates as RFC 4231 test case 1 says, and knows what it has not made', () => {
    const key = new Uint8Array(32).fill(0x0b, 0, 20) // HMAC fills a short key up with zeros
    const message = utf8('Hi There')
    const tag = crypto.authenticate(message, key)
    expect(toHex(tag)).toBe('87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde')
    expect(crypto.isAuthentic(tag, message, key)).toBe(true)
    expect(crypto.isAuthentic(tag, message, key.with(31, 1))).toBe(false)
    expect(crypto.isAuthentic(tag, message.with(0, 1), key)).toBe(false)
    expect(crypto.isAuthentic(tag.with(31, 0), message, key)).toBe(false)
    expect(crypto.isAuthentic(tag.subarray(1), message, key)).toBe(false)
  })

  it('seals and opens, and opens nothing that was touched', () => {
    const key = random.bytes(32)
    const sealed = new Uint8Array(5 + 16)
    crypto.seal(sealed, utf8('hello'), utf8('head'), 7, key)
    const opened = new Uint8Array(5)
    expect(crypto.open(opened, sealed, utf8('head'), 7, key)).toBe(true)
    expect(opened).toEqual(utf8('hello'))
    expect(crypto.open(opened, sealed, utf8('head'), 8, key)).toBe(false)
    expect(crypto.open(opened, sealed, utf8('Head'), 7, key)).toBe(false)
  })
})
