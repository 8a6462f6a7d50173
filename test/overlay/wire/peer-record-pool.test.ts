import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Crypto } from '../../../main/overlay/ports/crypto.ts'
import { Reader, Writer } from '../../../main/overlay/wire/codec.ts'
import { PeerRecordPool } from '../../../main/overlay/wire/peer-record-pool.ts'
import {
  certificateBody,
  nodeIdOf,
  type PeerRecord,
  readPeerRecord,
  writePeerRecord,
} from '../../../main/overlay/wire/peer-record.ts'

const network = networkOf(hostCrypto, 'test', 0)

function recordOf(number: number, port = 4000): PeerRecord {
  const node = hostCrypto.signingKeyPair(new Uint8Array(32).fill(number))
  const noiseKey = hostCrypto.agreementKeyPair(new Uint8Array(32).fill(number + 1)).publicKey
  return {
    id: nodeIdOf(hostCrypto, node.publicKey),
    nodeKey: node.publicKey,
    noiseKey,
    certificate: hostCrypto.sign(certificateBody(network.id, noiseKey), node.secretKey),
    addresses: [{ host: '192.0.2.7', port }],
  }
}

/** A pool, and how often it hashed and verified. */
function counted(limit?: number) {
  const counts = { hashes: 0, verifications: 0 }
  const crypto: Crypto = {
    ...hostCrypto,
    hash: (...parts) => (counts.hashes++, hostCrypto.hash(...parts)),
    verify: (...args) => (counts.verifications++, hostCrypto.verify(...args)),
  }
  const pool = new PeerRecordPool(crypto, network, limit)
  const read = (record: PeerRecord): PeerRecord => {
    const writer = new Writer().u8(7)
    writePeerRecord(writer, record)
    const reader = new Reader(writer.u8(9).finish())
    reader.u8()
    const back = readPeerRecord(reader, { crypto, records: pool })
    expect(reader.u8()).toBe(9)
    expect(back).toEqual(record)
    return back
  }
  return { counts, pool, read }
}

it('gives the same object for the same bytes, hashed and verified once', () => {
  const { counts, pool, read } = counted()
  const first = read(recordOf(1))
  pool.verify(first)
  const second = read(recordOf(1))
  expect(second).toBe(first)
  pool.verify(second)
  pool.verify(recordOf(1))
  expect(counts).toEqual({ hashes: 1, verifications: 1 })
})

it('reads other addresses as another record of the same, verified node', () => {
  const { counts, pool, read } = counted()
  pool.verify(read(recordOf(1)))
  const moved = read(recordOf(1, 5000))
  pool.verify(moved)
  expect(moved.addresses[0]!.port).toBe(5000)
  expect(counts).toEqual({ hashes: 1, verifications: 1 })
})

it('believes nobody who borrows a part of a verified record', () => {
  const { pool, read } = counted()
  const [honest, other] = [recordOf(1), recordOf(3)]
  pool.verify(read(honest))
  const badSignature = expect.objectContaining({ code: 'bad-signature' })
  const forgeries: PeerRecord[] = [
    { ...honest, noiseKey: other.noiseKey },
    { ...honest, nodeKey: other.nodeKey, id: other.id },
    {
      ...honest,
      certificate: Uint8Array.from(honest.certificate, (byte, i) => (i === 63 ? byte ^ 1 : byte)),
    },
  ]
  for (const forged of forgeries) {
    // Once as it arrives, once as an object that the pool has never read.
    expect(() => pool.verify(read(forged))).toThrow(badSignature)
    expect(() => pool.verify(forged)).toThrow(badSignature)
    pool.verify(read(honest))
  }
})

it('a failed verification is not remembered as a passed one', () => {
  const { pool, read } = counted()
  const forged = read({ ...recordOf(1), noiseKey: recordOf(3).noiseKey })
  for (let i = 0; i < 2; i++) expect(() => pool.verify(forged)).toThrow('did not certify')
})

it('forgets what is not asked for while as many others come by twice', () => {
  const { counts, read } = counted(4)
  const first = read(recordOf(1))
  for (let number = 10; number < 30; number += 2) read(recordOf(number))
  const before = counts.hashes
  expect(read(recordOf(1))).not.toBe(first)
  expect(counts.hashes).toBe(before + 1)
})

it('a record that ends too early is malformed, in the pool as without', () => {
  const { pool } = counted()
  const writer = new Writer()
  writePeerRecord(writer, recordOf(1))
  const bytes = writer.finish()
  pool.read(new Reader(bytes))
  for (const length of [0, 67, 68, 129, bytes.length - 1])
    expect(() => pool.read(new Reader(bytes.subarray(0, length)))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
})
