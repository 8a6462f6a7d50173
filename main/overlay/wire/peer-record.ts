// How a node is named and found: its keys, the node key's certificate for the Noise key, and where it may be tried.
//
//   node key 32 | noise key 32 | certificate 64 | n 1 | n x (family 1: 4 or 6 | host 4 or 16 | port 2)
//
// The certificate is the node key's Ed25519 signature over CERTIFICATE_LABEL, the network id and the noise key. The
// addresses are hints that anyone on the way may have changed: a wrong one costs a failed handshake and nothing more.

import { type Bytes, concat, equal, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { formatHost, parseHost } from '../base/ip.ts'
import { type NodeId, idFromBytes } from '../base/id.ts'
import { type Crypto, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { type Reader, type Writer } from './codec.ts'
import { type PeerRecords } from '../ports/peer-records.ts'

export interface PeerRecord {
  readonly id: NodeId
  readonly nodeKey: Bytes
  readonly noiseKey: Bytes
  readonly certificate: Bytes
  readonly addresses: readonly Address[]
}

/** Of records that were read from messages, as they stood there: they are passed on as they are. */
const encodings = new WeakMap<PeerRecord, Bytes>()

/** More would let one record fill a table's traffic; less would not hold LAN, IPv6 and mapped addresses. */
export const MAX_ADDRESSES = 6
const CERTIFICATE_END = 2 * PUBLIC_KEY_BYTES + SIGNATURE_BYTES
const CERTIFICATE_LABEL = utf8('banyan noise key')

export function certificateBody(networkId: Uint8Array, noiseKey: Uint8Array): Bytes {
  return concat(CERTIFICATE_LABEL, networkId, noiseKey)
}

export function nodeIdOf(crypto: Crypto, nodeKey: Uint8Array): NodeId {
  return idFromBytes(crypto.hash(nodeKey))
}

/** Leading zero bits of BLAKE2b-256(id): what an id cost. */
export function puzzleBits(crypto: Crypto, idBytes: Uint8Array): number {
  const digest = crypto.hash(idBytes)
  let bits = 0
  for (const byte of digest) {
    if (byte === 0) {
      bits += 8
      continue
    }
    return bits + Math.clz32(byte) - 24
  }
  return bits
}

export function writePeerRecord(writer: Writer, record: PeerRecord): void {
  const encoded = encodings.get(record)
  if (encoded) {
    writer.bytes(encoded)
    return
  }
  writer.bytes(record.nodeKey).bytes(record.noiseKey).bytes(record.certificate)
  const addresses = record.addresses.slice(0, MAX_ADDRESSES)
  writer.u8(addresses.length)
  for (const address of addresses) writeAddress(writer, address)
}

/** The bytes that a record was read from. */
export function encodingOf(record: PeerRecord): Bytes | undefined {
  return encodings.get(record)
}

/** What reading records takes: the hash that names them and, where there is one, the pool of those read before. */
export interface RecordSource {
  readonly crypto: Crypto
  readonly records?: PeerRecords | undefined
}

/** Reads the form only; `verifyPeerRecord` says whether to believe it. Errors: malformed, too-large. */
export function readPeerRecord(reader: Reader, source: Crypto | RecordSource): PeerRecord {
  if (!('crypto' in source)) return decodePeerRecord(reader, source)
  return source.records ? source.records.read(reader) : decodePeerRecord(reader, source.crypto)
}

/** A record of its own. An earlier one of the same node lends what is the same in both. */
export function decodePeerRecord(reader: Reader, crypto: Crypto, earlier?: PeerRecord): PeerRecord {
  const start = reader.offset
  reader.take(CERTIFICATE_END)
  const count = reader.u8()
  if (count > MAX_ADDRESSES) throw new BanyanError('too-large', `${count} addresses in one record`)
  const told = Array.from({ length: count }, () => readAddress(reader))
  const addresses = told.filter((address) => !isCircuit(address)).slice() // of another computer, it names nothing here
  // The keys are views of one copy of the record, which is what is kept of most nodes.
  const encoded = reader.since(start)
  const nodeKey = encoded.subarray(0, PUBLIC_KEY_BYTES)
  const noiseKey = encoded.subarray(PUBLIC_KEY_BYTES, 2 * PUBLIC_KEY_BYTES)
  const certificate = encoded.subarray(2 * PUBLIC_KEY_BYTES, CERTIFICATE_END)
  const id = earlier && equal(earlier.nodeKey, nodeKey) ? earlier.id : nodeIdOf(crypto, nodeKey)
  const record = { id, nodeKey, noiseKey, certificate, addresses }
  encodings.set(record, encoded)
  return record
}

/** Throws bad-signature, or bad-puzzle where the id is cheaper than the network asks. */
export function verifyPeerRecord(
  record: PeerRecord,
  crypto: Crypto,
  network: { id: Uint8Array; puzzleBits: number },
): void {
  if (network.puzzleBits > 0 && puzzleBits(crypto, crypto.hash(record.nodeKey)) < network.puzzleBits)
    throw new BanyanError('bad-puzzle', 'the node id does not satisfy the puzzle of this network')
  if (!crypto.verify(certificateBody(network.id, record.noiseKey), record.certificate, record.nodeKey))
    throw new BanyanError('bad-signature', 'the node key did not certify this noise key')
}

export function writeAddress(writer: Writer, address: Address): void {
  const host = parseHost(address.host)
  if (!host) throw new BanyanError('malformed', 'an address host that is no numeric IP address')
  writer
    .u8(host.length === 4 ? 4 : 6)
    .bytes(host)
    .u16(address.port)
}

export function readAddress(reader: Reader): Address {
  const family = reader.u8()
  if (family !== 4 && family !== 6) throw new BanyanError('malformed', `address family ${family}`)
  const host = formatHost(reader.bytes(family === 4 ? 4 : 16))
  return { host, port: reader.u16() }
}
