// What every holder checks before it keeps a record, and which of two records with one key stays.

import { equal, toHex } from '../base/bytes.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type DhtRecord, MAX_RECORD_VALUE_BYTES } from '../api.ts'
import { MAX_SALT_BYTES, signedBody } from '../wire/dht-record.ts'
import { type Envelope, envelopeBody, MAX_ENVELOPE_VALUE_BYTES } from '../wire/envelope.ts'

/** Nobody's space is taken for longer unless somebody still wants it. */
export const MAX_LIFE_MS = 30 * 24 * 3600 * 1000
/** Clocks of ordinary computers differ by seconds, of neglected ones by minutes. */
const CLOCK_SKEW_MS = 10 * 60 * 1000

export type Verdict = 'good' | 'bad-signature' | 'expired' | 'too-large'

export function checkRecord(record: DhtRecord, crypto: Crypto, wallMs: number): Verdict {
  if (record.value.length > MAX_RECORD_VALUE_BYTES) return 'too-large'
  if (record.expiresAtMs <= wallMs || record.expiresAtMs > wallMs + MAX_LIFE_MS + CLOCK_SKEW_MS)
    return 'expired'
  if (record.kind === 'immutable') return 'good'
  if (record.kind === 'envelope') return checkEnvelope(record, crypto)
  if (record.salt.length > MAX_SALT_BYTES) return 'too-large'
  return crypto.verify(signedBody(record), record.signature, record.publicKey) ? 'good' : 'bad-signature'
}

function checkEnvelope(envelope: Envelope, crypto: Crypto): Verdict {
  if (envelope.value.length > MAX_ENVELOPE_VALUE_BYTES) return 'too-large'
  return crypto.verify(envelopeBody(envelope), envelope.signature, envelope.writer) ? 'good' : 'bad-signature'
}

export interface Version {
  sequence: number
  expiresAtMs: number
}

export function sequenceOf(record: DhtRecord): number {
  return record.kind === 'signed' ? record.sequence : 0
}

/** An immutable record's versions differ in their expiry alone. */
export function versionOf(record: DhtRecord): Version {
  return { sequence: sequenceOf(record), expiresAtMs: record.expiresAtMs }
}

/** By what holders tell each other of a record: its holder should have the other version instead. */
export function isOlder(a: Version, b: Version): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.expiresAtMs < b.expiresAtMs)
}

/**
 * Positive where a wins. Two records of one author and one sequence are told apart by expiry and then by their bytes, so that
 * all holders end with the same one.
 */
export function compareRecords(a: DhtRecord, b: DhtRecord): number {
  const bySequence = sequenceOf(a) - sequenceOf(b)
  if (bySequence !== 0) return bySequence
  if (a.expiresAtMs !== b.expiresAtMs) return a.expiresAtMs - b.expiresAtMs
  if (a.kind !== 'signed' || b.kind !== 'signed' || equal(a.signature, b.signature)) return 0
  return toHex(a.signature) < toHex(b.signature) ? -1 : 1
}
