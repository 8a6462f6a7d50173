// The devices of a person, as a signed DHT record: public key = account key, salt = 'devices'.
//
//   version 1 | n 1 | n x certificate            (newest first, at most 8)
//
// Every installation of the account republishes the list with its own certificate in front and those of the others that
// it found, so a computer restored from the phrase joins the list, and one that is gone drops out when its certificate
// expires. Certificates that do not verify are passed over: one bad entry must not hide the others.

import { type Bytes, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type Network } from '../../overlay/network.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { CERTIFICATE_BYTES, type VerifiedCertificate, verifyCertificate } from '../account/certificate.ts'
import { equal } from '../../overlay/base/bytes.ts'

/** A person with more computers than this is rare, and each costs every contact a copy of every message. */
export const MAX_DEVICES = 8
export const DEVICES_SALT = utf8('devices')
const VERSION = 1

export function encodeDeviceList(certificates: readonly Bytes[]): Bytes {
  const kept = certificates.slice(0, MAX_DEVICES)
  const writer = new Writer().u8(VERSION).u8(kept.length)
  for (const certificate of kept) writer.bytes(certificate)
  return writer.finish()
}

/** The valid certificates of the account. Errors: malformed, too-large. */
export function decodeDeviceList(
  crypto: Crypto,
  network: Network,
  accountKey: Uint8Array,
  bytes: Uint8Array,
  wallMs: number,
): VerifiedCertificate[] {
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'a device list of an unknown version')
  const count = reader.u8()
  if (count > MAX_DEVICES) throw new BanyanError('too-large', `${count} devices`)
  const entries = Array.from({ length: count }, () => reader.bytes(CERTIFICATE_BYTES))
  reader.end()
  return entries.flatMap((entry) => {
    try {
      const certificate = verifyCertificate(crypto, network, entry, wallMs)
      return equal(certificate.accountKey, accountKey) ? [certificate] : []
    } catch (error) {
      if (codeOf(error) === 'internal') throw error
      return [] // expired or forged: passed over, as said above
    }
  })
}
