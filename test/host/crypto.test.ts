import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { hostRandom as random } from '../../main/host/random.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'

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
    expect(dialler.keys().handshakeHash).toEqual(answerer.keys().handshakeHash)
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
