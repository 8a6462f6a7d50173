// A DHT record's bytes, its key, and what its signature covers.
//
//   immutable  1 | expires at 8 | length 2 | value
//   envelope   3 | ... (envelope.ts)
//   signed     2 | expires at 8 | public key 32 | sequence 8 | salt length 1 | salt | length 2 | value | signature 64
//
// Keys: immutable H(label, value); signed H(label, H(public key), salt), so that whoever knows a node's id, which is the
// hash of its key, can find what the node signed. The labels keep the two kinds from meeting in one key.
// The signature covers label, expiry, sequence, salt and value, and with the key's derivation everything there is.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, idFromBytes, idToBytes } from '../base/id.ts'
import { type DhtRecord, MAX_RECORD_VALUE_BYTES } from '../api.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { envelopeKey, MAX_ENVELOPE_VALUE_BYTES } from './envelope.ts'

export type SignedRecord = Extract<DhtRecord, { kind: 'signed' }>

export const MAX_SALT_BYTES = 64
export const MAX_RECORD_BYTES = MAX_RECORD_VALUE_BYTES + 256
const IMMUTABLE_LABEL = utf8('banyan immutable record')
const SIGNED_LABEL = utf8('banyan signed record')
const IMMUTABLE = 1
const SIGNED = 2
const ENVELOPE = 3
const KINDS = { immutable: IMMUTABLE, signed: SIGNED, envelope: ENVELOPE } as const

export function immutableKey(crypto: Crypto, value: Uint8Array): Id {
  return idFromBytes(crypto.hash(IMMUTABLE_LABEL, value))
}

/** `owner` is the hash of the signing public key: for a node's key, its NodeId. */
export function signedKey(crypto: Crypto, owner: Id, salt: Uint8Array): Id {
  return idFromBytes(crypto.hash(SIGNED_LABEL, idToBytes(owner), salt))
}

export function recordKey(crypto: Crypto, record: DhtRecord): Id {
  if (record.kind === 'immutable') return immutableKey(crypto, record.value)
  if (record.kind === 'envelope') return envelopeKey(crypto, record)
  return signedKey(crypto, idFromBytes(crypto.hash(record.publicKey)), record.salt)
}

export function signRecord(
  crypto: Crypto,
  pair: KeyPair,
  fields: { salt: Bytes; sequence: number; value: Bytes; expiresAtMs: number },
): SignedRecord {
  const unsigned = {
    kind: 'signed' as const,
    publicKey: pair.publicKey,
    ...fields,
    signature: new Uint8Array(0),
  }
  return { ...unsigned, signature: crypto.sign(signedBody(unsigned), pair.secretKey) }
}

export function signedBody(record: SignedRecord): Bytes {
  const head = new Writer(64).u64(record.expiresAtMs).u64(record.sequence)
  const body = head.u8(record.salt.length).bytes(record.salt).bytes16(record.value).finish()
  return concat(SIGNED_LABEL, body)
}

export function writeRecord(writer: Writer, record: DhtRecord): void {
  writer.u8(KINDS[record.kind]).u64(record.expiresAtMs)
  if (record.kind === 'immutable') {
    writer.bytes16(record.value)
    return
  }
  if (record.kind === 'envelope') {
    writer
      .id(record.mailbox)
      .bytes(record.writer)
      .u64(record.nonce)
      .bytes16(record.value)
      .bytes(record.signature)
    return
  }
  writer.bytes(record.publicKey).u64(record.sequence).u8(record.salt.length).bytes(record.salt)
  writer.bytes16(record.value).bytes(record.signature)
}

/** Reads the form only; `checkRecord` says whether it holds. Errors: malformed, too-large. */
export function readRecord(reader: Reader): DhtRecord {
  const kind = reader.u8()
  const expiresAtMs = reader.u64()
  if (kind === IMMUTABLE)
    return { kind: 'immutable', value: reader.bytes16(MAX_RECORD_VALUE_BYTES), expiresAtMs }
  if (kind === ENVELOPE) return readEnvelope(reader, expiresAtMs)
  if (kind !== SIGNED) throw new BanyanError('malformed', `record kind ${kind}`)
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES)
  const sequence = reader.u64()
  const saltLength = reader.u8()
  if (saltLength > MAX_SALT_BYTES) throw new BanyanError('too-large', `a salt of ${saltLength} bytes`)
  const salt = reader.bytes(saltLength)
  const value = reader.bytes16(MAX_RECORD_VALUE_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  return { kind: 'signed', publicKey, salt, sequence, value, expiresAtMs, signature }
}

function readEnvelope(reader: Reader, expiresAtMs: number): DhtRecord {
  const mailbox = reader.id()
  const writer = reader.bytes(PUBLIC_KEY_BYTES)
  const nonce = reader.u64()
  const value = reader.bytes16(MAX_ENVELOPE_VALUE_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  return { kind: 'envelope', mailbox, writer, nonce, value, expiresAtMs, signature }
}

export function encodeRecord(record: DhtRecord): Bytes {
  const writer = new Writer(192 + record.value.length)
  writeRecord(writer, record)
  return writer.finish()
}

export function decodeRecord(bytes: Uint8Array): DhtRecord {
  const reader = new Reader(bytes)
  const record = readRecord(reader)
  reader.end()
  return record
}
