// A member's word that it takes part in a mesh: what makes joins observable, and a view's entries worth dialling.
//
//   peer record (peer-record.ts) | issued at 8 | lease 4 | signature 64
//
// The node key signs LABEL, the mesh, the moment (Unix ms, by the member's clock) and the lease (seconds). It proves that the
// member wanted to be in this mesh then, and nothing about the present: whoever holds it in a view has dialled it too. The
// addresses of the record are hints, as always. Who may be a member is for the application to say.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, idToBytes } from '../base/id.ts'
import { type Crypto, type KeyPair, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { type Reader, Writer } from './codec.ts'
import {
  type PeerRecord,
  readPeerRecord,
  type RecordSource,
  verifyPeerRecord,
  writePeerRecord,
} from './peer-record.ts'

const LABEL = utf8('banyan mesh join')
/** A week: chosen. A member that cannot renew its lease for longer has left. */
export const MAX_LEASE_SECONDS = 7 * 24 * 3600

export interface MeshJoin {
  readonly member: PeerRecord
  /** Unix time by the member's clock. */
  readonly issuedMs: number
  readonly leaseSeconds: number
  readonly signature: Bytes
}

function signedBytes(mesh: Id, issuedMs: number, leaseSeconds: number): Bytes {
  return concat(LABEL, idToBytes(mesh), new Writer(16).u64(issuedMs).u32(leaseSeconds).finish())
}

export function signMeshJoin(
  crypto: Crypto,
  pair: KeyPair,
  mesh: Id,
  join: Omit<MeshJoin, 'signature'>,
): MeshJoin {
  const body = signedBytes(mesh, join.issuedMs, join.leaseSeconds)
  return { ...join, signature: crypto.sign(body, pair.secretKey) }
}

/** Errors: bad-signature, bad-puzzle. */
export function verifyMeshJoin(
  source: RecordSource & { network: { id: Uint8Array; puzzleBits: number } },
  mesh: Id,
  join: MeshJoin,
): void {
  const { crypto, network, records } = source
  if (records) records.verify(join.member)
  else verifyPeerRecord(join.member, crypto, network)
  const body = signedBytes(mesh, join.issuedMs, join.leaseSeconds)
  if (!crypto.verify(body, join.signature, join.member.nodeKey))
    throw new BanyanError('bad-signature', 'a join that its member did not sign')
}

export function writeMeshJoin(writer: Writer, join: MeshJoin): Writer {
  writePeerRecord(writer, join.member)
  return writer.u64(join.issuedMs).u32(join.leaseSeconds).bytes(join.signature)
}

/** Reads the form only; `verifyMeshJoin` says whether to believe it. Errors: malformed, too-large. */
export function readMeshJoin(reader: Reader, source: RecordSource): MeshJoin {
  const member = readPeerRecord(reader, source)
  const issuedMs = reader.u64()
  const leaseSeconds = reader.u32()
  if (leaseSeconds > MAX_LEASE_SECONDS)
    throw new BanyanError('too-large', `a lease of ${leaseSeconds} s in a mesh`)
  return { member, issuedMs, leaseSeconds, signature: reader.bytes(SIGNATURE_BYTES) }
}
