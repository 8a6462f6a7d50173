// A mailbox: a signed record that says who may write, and the envelopes that were written (envelope.ts), which live where that
// record lives. The network sees write keys, sizes and ends; what is in an envelope is sealed by whoever writes it.
//
//   rules (the signed record's value, under the salt "mailbox")
//     1 | door bits 1 | door places 1 | envelopes per writer 1 | n 2 | n x writer 16 | m 2 | m x deleted envelope 16
//
// The owner deletes by signing rules that name what is gone, so a deletion spreads and stays as any newer record does. Strangers write
// through the door: the hash of their envelope must begin with so many 0 bits.

import { type Bytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, idFromBytes } from '../base/id.ts'
import { type Crypto, type KeyPair } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { HALF_BYTES } from './envelope.ts'
import { signedKey, type SignedRecord, signRecord } from './dht-record.ts'

/** Contacts of a person, far above the most that people keep up. */
export const MAX_WRITERS = 256
/** With the writers 12 KiB of the 16 that a record holds; an owner with more to delete reads tomorrow's mailbox. */
export const MAX_DELETED = 512
/** A quarter of a minute of one core. */
export const MAX_DOOR_BITS = 22
export const MAILBOX_SALT = utf8('mailbox')
const FORMAT = 1
const DAY_LABEL = utf8('banyan mailbox of a day')

export interface MailboxRules {
  /** Work asked of strangers; what they have written takes so many places at most, 0: there is no door. */
  doorBits: number
  doorPlaces: number
  perWriter: number
  /** `writerName` of each write key that was handed out. */
  writers: string[]
  /** `envelopeName` of each envelope that the owner has taken out. */
  deleted: string[]
}

/**
 * The owner's key pair, or a contact's write key pair, of one day (days since 1970): whoever lacks the secret cannot tell that two
 * days' mailboxes are one person's. The owner tells contacts the public keys of the days to come.
 */
export function keysOfDay(crypto: Crypto, secret: Uint8Array, day: number): KeyPair {
  return crypto.signingKeyPair(crypto.hash(DAY_LABEL, secret, new Writer(8).u64(day).finish()))
}

export function mailboxKey(crypto: Crypto, ownerKey: Uint8Array): Id {
  return signedKey(crypto, idFromBytes(crypto.hash(ownerKey)), MAILBOX_SALT)
}

export function signMailbox(
  crypto: Crypto,
  owner: KeyPair,
  rules: MailboxRules,
  version: { sequence: number; expiresAtMs: number },
): SignedRecord {
  return signRecord(crypto, owner, { salt: MAILBOX_SALT, value: encodeRules(rules), ...version })
}

export function encodeRules({ doorBits, doorPlaces, perWriter, writers, deleted }: MailboxRules): Bytes {
  const writer = new Writer().u8(FORMAT).u8(doorBits).u8(doorPlaces).u8(perWriter)
  for (const names of [writers, deleted]) {
    writer.u16(names.length)
    for (const name of names) writer.bytes(fromHex(name)!)
  }
  return writer.finish()
}

/** Errors: malformed, too-large. */
export function decodeRules(value: Uint8Array): MailboxRules {
  const reader = new Reader(value)
  const format = reader.u8()
  if (format !== FORMAT) throw new BanyanError('malformed', `mailbox rules of format ${format}`)
  const [doorBits, doorPlaces, perWriter] = [reader.u8(), reader.u8(), reader.u8()]
  if (doorBits > MAX_DOOR_BITS) throw new BanyanError('too-large', `a door of ${doorBits} bits`)
  const rules = { doorBits, doorPlaces, perWriter, writers: readNames(reader, MAX_WRITERS) }
  const deleted = readNames(reader, MAX_DELETED)
  reader.end()
  return { ...rules, deleted }
}

function readNames(reader: Reader, limit: number): string[] {
  const count = reader.u16()
  if (count > limit) throw new BanyanError('too-large', `${count} names where ${limit} may stand`)
  return Array.from({ length: count }, () => toHex(reader.bytes(HALF_BYTES)))
}
