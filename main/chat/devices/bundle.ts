// A device's prekey bundle, as a signed DHT record: public key = node key, salt = 'bundle', sequence = when it was made.
//
//   version 1 | registration id 2 | identity key 33 | prekey id 4
//   | signed prekey 33 | signature 64 | kyber length 2 | kyber prekey | signature 64
//
// Not to be trusted before the record's signature, the certified identity key and, inside the ratchet library, both
// prekey signatures are checked.

import { type Bytes, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { type PrekeyBundle } from '../ports/ratchet.ts'

export const BUNDLE_SALT: Bytes = utf8('bundle')
const VERSION = 1
const CURVE_KEY_BYTES = 33
const CURVE_SIGNATURE_BYTES = 64
/** Kyber-1024 with the library's type byte has 1,569 bytes. */
const MAX_KYBER_BYTES = 2048

export function encodeBundle(bundle: PrekeyBundle): Bytes {
  return new Writer(2048)
    .u8(VERSION)
    .u16(bundle.registrationId)
    .bytes(bundle.identityKey)
    .u32(bundle.id)
    .bytes(bundle.signedPrekey)
    .bytes(bundle.signedPrekeySignature)
    .bytes16(bundle.kyberPrekey)
    .bytes(bundle.kyberPrekeySignature)
    .finish()
}

/** Errors: malformed, too-large. */
export function decodeBundle(bytes: Uint8Array): PrekeyBundle {
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'a bundle of an unknown version')
  const bundle = {
    registrationId: reader.u16(),
    identityKey: reader.bytes(CURVE_KEY_BYTES),
    id: reader.u32(),
    signedPrekey: reader.bytes(CURVE_KEY_BYTES),
    signedPrekeySignature: reader.bytes(CURVE_SIGNATURE_BYTES),
    kyberPrekey: reader.bytes16(MAX_KYBER_BYTES),
    kyberPrekeySignature: reader.bytes(CURVE_SIGNATURE_BYTES),
  }
  reader.end()
  return bundle
}
