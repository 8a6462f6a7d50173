// A certificate that was verified before it was stored. Expiry is not asked here: a contact whose computer was off for a
// year is still the contact, and new certificates are verified when they come.

import { type Crypto, SIGNATURE_BYTES } from '../../overlay/ports/crypto.ts'
import { type VerifiedCertificate, readCertificate } from '../account/certificate.ts'
import { nodeIdOf } from '../../overlay/wire/peer-record.ts'

export function knownCertificate(crypto: Crypto, bytes: Uint8Array): VerifiedCertificate {
  if (bytes.length <= SIGNATURE_BYTES) throw new RangeError('not a stored certificate')
  const certificate = readCertificate(bytes)
  return { ...certificate, nodeId: nodeIdOf(crypto, certificate.nodeKey), bytes: Uint8Array.from(bytes) }
}
