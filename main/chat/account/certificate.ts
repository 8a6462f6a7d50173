// A device certificate: the account says "this node is mine", and the node says "I am that account's". It binds the keys
// of one installation to one person.
//
//   version 2 | account key 32 | node key 32 | noise key 32 | signal identity 33 | registration id 2
//   | issued 4 | expires 4 (Unix seconds) | node's signature 64 | account's signature 64
//
// Both sign their own label, the network id and everything before the signatures; the network id is not sent, so a
// certificate of another network simply does not verify. Without the node's signature anybody could put somebody else's
// public keys into their own list of devices, and would be taken for the owner of that node (version 1 was so: refused).
// Not to be trusted: anything, before `verify`.

import { type Bytes, concat, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { type Network } from '../../overlay/network.ts'
import { type Crypto, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../overlay/ports/crypto.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { nodeIdOf, puzzleBits } from '../../overlay/wire/peer-record.ts'

export interface Certificate {
  accountKey: Bytes
  nodeKey: Bytes
  noiseKey: Bytes
  /** Curve25519 with the library's type byte. */
  signalIdentity: Bytes
  registrationId: number
  issuedMs: number
  expiresMs: number
}

export interface VerifiedCertificate extends Certificate {
  nodeId: NodeId
  /** As it came, signature included. */
  bytes: Bytes
}

/** Long enough that a computer left off over a holiday is still known, short enough that a lost one is forgotten. */
export const CERTIFICATE_LIFE_MS = 365 * 24 * 3600 * 1000
/** Renewed in the last quarter of its life. */
const RENEWAL_SHARE = 0.25
/** Clocks differ: a certificate is good this long before it was issued. */
const CLOCK_TOLERANCE_MS = 24 * 3600 * 1000

const VERSION = 2
const SIGNAL_KEY_BYTES = 33
const BODY_BYTES = 1 + 3 * PUBLIC_KEY_BYTES + SIGNAL_KEY_BYTES + 2 + 4 + 4
export const CERTIFICATE_BYTES = BODY_BYTES + 2 * SIGNATURE_BYTES
const ACCOUNT_LABEL = utf8('banyan device certificate')
const NODE_LABEL = utf8('banyan device certificate: the node agrees')

export function issueCertificate(
  crypto: Crypto,
  network: Network,
  certificate: Certificate,
  secretKeys: { account: Uint8Array; node: Uint8Array },
): Bytes {
  const body = new Writer()
    .u8(VERSION)
    .bytes(certificate.accountKey)
    .bytes(certificate.nodeKey)
    .bytes(certificate.noiseKey)
    .bytes(certificate.signalIdentity)
    .u16(certificate.registrationId)
    .u32(Math.floor(certificate.issuedMs / 1000))
    .u32(Math.floor(certificate.expiresMs / 1000))
    .finish()
  const byNode = crypto.sign(concat(NODE_LABEL, network.id, body), secretKeys.node)
  return concat(body, byNode, crypto.sign(concat(ACCOUNT_LABEL, network.id, body), secretKeys.account))
}

/** Errors: malformed, bad-signature (also for another network), bad-puzzle, expired. */
export function verifyCertificate(
  crypto: Crypto,
  network: Network,
  bytes: Uint8Array,
  wallMs: number,
): VerifiedCertificate {
  const certificate = readCertificate(bytes)
  const body = bytes.subarray(0, BODY_BYTES)
  const byNode = bytes.subarray(BODY_BYTES, BODY_BYTES + SIGNATURE_BYTES)
  const byAccount = bytes.subarray(BODY_BYTES + SIGNATURE_BYTES)
  if (!crypto.verify(concat(ACCOUNT_LABEL, network.id, body), byAccount, certificate.accountKey))
    throw new BanyanError('bad-signature', 'the account did not sign this certificate for this network')
  if (!crypto.verify(concat(NODE_LABEL, network.id, body), byNode, certificate.nodeKey))
    throw new BanyanError('bad-signature', 'the node does not agree to be of this account')
  if (puzzleBits(crypto, crypto.hash(certificate.nodeKey)) < network.puzzleBits)
    throw new BanyanError('bad-puzzle', 'the certified node does not satisfy the puzzle of this network')
  if (wallMs >= certificate.expiresMs || wallMs < certificate.issuedMs - CLOCK_TOLERANCE_MS)
    throw new BanyanError('expired', 'the certificate is not valid at this time')
  return { ...certificate, nodeId: nodeIdOf(crypto, certificate.nodeKey), bytes: Uint8Array.from(bytes) }
}

export function isDueForRenewal(certificate: Certificate, wallMs: number): boolean {
  const life = certificate.expiresMs - certificate.issuedMs
  return (
    wallMs >= certificate.expiresMs - life * RENEWAL_SHARE ||
    wallMs < certificate.issuedMs - CLOCK_TOLERANCE_MS
  )
}

/** The form only. Errors: malformed. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'a certificate of an unknown version')
  const certificate = {
    accountKey: reader.bytes(PUBLIC_KEY_BYTES),
    nodeKey: reader.bytes(PUBLIC_KEY_BYTES),
    noiseKey: reader.bytes(PUBLIC_KEY_BYTES),
    signalIdentity: reader.bytes(SIGNAL_KEY_BYTES),
    registrationId: reader.u16(),
    issuedMs: reader.u32() * 1000,
    expiresMs: reader.u32() * 1000,
  }
  reader.bytes(2 * SIGNATURE_BYTES)
  reader.end()
  return certificate
}
