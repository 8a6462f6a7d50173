import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { Reader, Writer } from '../../../main/overlay/wire/codec.ts'
import {
  type PeerRecord,
  certificateBody,
  nodeIdOf,
  puzzleBits,
  readPeerRecord,
  verifyPeerRecord,
  writePeerRecord,
} from '../../../main/overlay/wire/peer-record.ts'

const network = networkOf(crypto, 'test', 0)
const node = crypto.signingKeyPair(new Uint8Array(32).fill(1))
const noise = crypto.agreementKeyPair(new Uint8Array(32).fill(2))
const record: PeerRecord = {
  id: nodeIdOf(crypto, node.publicKey),
  nodeKey: node.publicKey,
  noiseKey: noise.publicKey,
  certificate: crypto.sign(certificateBody(network.id, noise.publicKey), node.secretKey),
  addresses: [
    { host: '127.0.0.1', port: 4000 },
    { host: '2001:db8::1', port: 65535 },
  ],
}

function encoded(one: PeerRecord): Uint8Array {
  const writer = new Writer()
  writePeerRecord(writer, one)
  return writer.finish()
}

describe('peer records', () => {
  it('survive the wire and verify', () => {
    const back = readPeerRecord(new Reader(encoded(record)), crypto)
    expect(back).toEqual(record)
    verifyPeerRecord(back, crypto, network)
  })

  it('are refused for another network, another noise key, or an id that cost too little', () => {
    const code = (run: () => void): string => {
      try {
        run()
      } catch (error) {
        return (error as BanyanError).code
      }
      return 'none'
    }
    const hard = puzzleBits(crypto, crypto.hash(record.nodeKey)) + 1
    expect(code(() => verifyPeerRecord(record, crypto, networkOf(crypto, 'other', 0)))).toBe('bad-signature')
    expect(code(() => verifyPeerRecord({ ...record, noiseKey: node.publicKey }, crypto, network))).toBe(
      'bad-signature',
    )
    expect(code(() => verifyPeerRecord(record, crypto, { id: network.id, puzzleBits: hard }))).toBe(
      'bad-puzzle',
    )
  })

  it('fail with a typed error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          readPeerRecord(new Reader(bytes), crypto)
        } catch (error) {
          expect(error).toBeInstanceOf(BanyanError)
        }
      }),
    )
  })

  it('count leading zero bits of the hash of the id', () => {
    const naive = (id: Uint8Array): number =>
      [...crypto.hash(id)]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('')
        .indexOf('1')
    for (let i = 0; i < 300; i++) {
      const id = crypto.hash(Uint8Array.of(i & 255, i >> 8))
      expect(puzzleBits(crypto, id)).toBe(naive(id))
    }
  })
})
