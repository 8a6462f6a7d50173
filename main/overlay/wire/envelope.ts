// What lies in a mailbox: an envelope, sealed for the owner, by one who holds a write key, or by a stranger who worked for it.
//
//   envelope   3 | expires at 8 | mailbox key 32 | write key 32 | nonce 8 | length 2 | value | signature 64
//
// A writer is named by the first half of the hash of its write key, an envelope by the second half of its own key, whose first half is
// the mailbox's: so both have the same two roots (dht/replica-store.ts).

import { type DhtRecord } from '../api.ts'
import { type Bytes, concat, toHex, utf8 } from '../base/bytes.ts'
import { type Id, idFromBytes, idToBytes } from '../base/id.ts'
import { type Crypto, type KeyPair } from '../ports/crypto.ts'
import { Writer } from './codec.ts'

export type Envelope = Extract<DhtRecord, { kind: 'envelope' }>

/** A short letter, sealed; longer ones are fetched from where they say. */
export const MAX_ENVELOPE_VALUE_BYTES = 4096
export const HALF_BYTES = 16
const HALF_DIGITS = 2 * HALF_BYTES
const ENVELOPE_LABEL = utf8('banyan mailbox envelope')

/** For a contact; with `doorBits`, for a stranger: 2^bits hashes of some microseconds each. */
export function signEnvelope(
  crypto: Crypto,
  writer: KeyPair,
  fields: { mailbox: Id; value: Bytes; expiresAtMs: number; doorBits?: number },
): Envelope {
  const { mailbox, value, expiresAtMs, doorBits = 0 } = fields
  const { publicKey, secretKey } = writer
  const unsigned: Envelope = {
    kind: 'envelope',
    mailbox,
    writer: publicKey,
    nonce: 0,
    value,
    expiresAtMs,
    signature: new Uint8Array(0),
  }
  while (workOf(crypto, unsigned) < doorBits) unsigned.nonce++
  return { ...unsigned, signature: crypto.sign(envelopeBody(unsigned), secretKey) }
}

/** What the signature covers. */
export function envelopeBody({ mailbox, writer, nonce, value, expiresAtMs }: Envelope): Bytes {
  const body = new Writer(128 + value.length).id(mailbox).bytes(writer).u64(nonce).u64(expiresAtMs)
  return concat(ENVELOPE_LABEL, body.bytes16(value).finish())
}

export function envelopeKey(crypto: Crypto, envelope: Envelope): Id {
  const hash = crypto.hash(envelopeBody(envelope))
  return idFromBytes(concat(idToBytes(envelope.mailbox).slice(0, HALF_BYTES), hash.slice(HALF_BYTES)))
}

/** Leading 0 bits of the hash. */
export function workOf(crypto: Crypto, envelope: Envelope): number {
  const hash = crypto.hash(envelopeBody(envelope))
  const at = hash.findIndex((byte) => byte !== 0)
  return at < 0 ? 8 * hash.length : 8 * at + Math.clz32(hash[at]!) - 24
}

export function writerName(crypto: Crypto, writeKey: Uint8Array): string {
  return toHex(crypto.hash(writeKey).slice(0, HALF_BYTES))
}

export function envelopeName(key: Id): string {
  return key.slice(HALF_DIGITS)
}

/** The first half, which a mailbox's key and those of its envelopes share. */
export function homeOf(key: Id): string {
  return key.slice(0, HALF_DIGITS)
}
