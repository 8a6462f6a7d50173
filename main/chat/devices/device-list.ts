// The devices of a person, as a signed DHT record: public key = account key, salt = 'devices'.
//
//   version 2 | n 1 | n x certificate | m 1 | m x revoked node id 32     (n <= 8, newest first; m <= 16, newest first)
//
// Every installation of the account republishes the list with its own certificate in front and those of the others that
// it found, so a computer restored from the phrase joins the list, and one that is gone drops out when its certificate
// expires, or at the end of a full list: the one that has not published for the longest. A revoked node is not listed,
// whatever its certificate says, and nothing is taken from it any more. Certificates that do not verify are passed over:
// one bad entry must not hide the others.

import { type Bytes, equal, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { type Network } from '../../overlay/network.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { CERTIFICATE_BYTES, type VerifiedCertificate, verifyCertificate } from '../account/certificate.ts'

/** A person with more computers than this is rare, and each costs every contact a copy of every message. */
export const MAX_DEVICES = 8
export const DEVICES_SALT = utf8('devices')
/** Lost and sold computers of some years; a certificate that was revoked outlives its entry by a year at most. */
export const MAX_REVOKED = 16
const VERSION = 2

export interface DeviceList {
  certificates: VerifiedCertificate[]
  revoked: NodeId[]
}

export function encodeDeviceList(certificates: readonly Bytes[], revoked: readonly NodeId[]): Bytes {
  const kept = certificates.slice(0, MAX_DEVICES)
  const writer = new Writer().u8(VERSION).u8(kept.length)
  for (const certificate of kept) writer.bytes(certificate)
  const named = revoked.slice(0, MAX_REVOKED)
  writer.u8(named.length)
  for (const nodeId of named) writer.id(nodeId)
  return writer.finish()
}

/** The valid certificates of the account, without those it has revoked. Errors: malformed, too-large. */
export function decodeDeviceList(
  crypto: Crypto,
  network: Network,
  accountKey: Uint8Array,
  bytes: Uint8Array,
  wallMs: number,
): DeviceList {
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'a device list of an unknown version')
  const entries = list(reader, MAX_DEVICES, () => reader.bytes(CERTIFICATE_BYTES))
  const revoked = list(reader, MAX_REVOKED, () => reader.id() as NodeId)
  reader.end()
  const certificates = entries.flatMap((entry) => {
    try {
      const certificate = verifyCertificate(crypto, network, entry, wallMs)
      return equal(certificate.accountKey, accountKey) ? [certificate] : []
    } catch (error) {
      if (codeOf(error) === 'internal') throw error
      return [] // expired or forged: passed over, as said above
    }
  })
  return { certificates: certificates.filter(({ nodeId }) => !revoked.includes(nodeId)), revoked }
}

function list<T>(reader: Reader, most: number, readOne: () => T): T[] {
  const count = reader.u8()
  if (count > most) throw new BanyanError('too-large', `${count} entries in a device list`)
  return Array.from({ length: count }, readOne)
}
