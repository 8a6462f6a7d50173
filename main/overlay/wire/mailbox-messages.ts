// How an owner empties a mailbox: routed to its roots, each of which says what it keeps, a page at a time.
//
//   read      mailbox key 32 | owner's key 32 | wall clock, ms 8 | after 16 | signature 64
//   answered by    more 1 | n 1 | n x envelope
//
// The signature covers a label and all before it. Whoever keeps the envelopes refuses clocks that are far from its own, so a question
// that was overheard opens the mailbox to nobody for long; what is in it is sealed anyway.

import { type Bytes, concat, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { readRecord, writeRecord } from './dht-record.ts'
import { type Envelope } from './envelope.ts'
import { mailboxKey } from './mailbox.ts'

const READ_LABEL = utf8('banyan mailbox read')
const NAME_BYTES = 16
const SIGNED_BYTES = 32 + PUBLIC_KEY_BYTES + 8 + NAME_BYTES
/** 8 of the largest, and what a route carries is 64 KiB. */
export const PAGE_BYTES = 40 * 1024
const MAX_ON_PAGE = 255

export interface MailboxRead {
  mailbox: Id
  wallMs: number
  /** Name of the last envelope of the page before; 32 zeros for the first. */
  after: string
}

export interface MailboxPage {
  hasMore: boolean
  envelopes: Envelope[]
}

export function encodeMailboxRead(crypto: Crypto, owner: KeyPair, wallMs: number, after: string): Bytes {
  const writer = new Writer(192).id(mailboxKey(crypto, owner.publicKey)).bytes(owner.publicKey)
  const body = writer.u64(wallMs).bytes(fromHex(after)!).finish()
  return concat(body, crypto.sign(concat(READ_LABEL, body), owner.secretKey))
}

/** Errors: malformed, bad-signature (nor is it by the owner of that mailbox). */
export function decodeMailboxRead(crypto: Crypto, payload: Uint8Array): MailboxRead {
  const reader = new Reader(payload)
  const mailbox = reader.id()
  const ownerKey = reader.bytes(PUBLIC_KEY_BYTES)
  const wallMs = reader.u64()
  const after = toHex(reader.bytes(NAME_BYTES))
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.end()
  const isSigned = crypto.verify(concat(READ_LABEL, payload.slice(0, SIGNED_BYTES)), signature, ownerKey)
  if (!isSigned || mailboxKey(crypto, ownerKey) !== mailbox)
    throw new BanyanError('bad-signature', 'a mailbox is read by its owner')
  return { mailbox, wallMs, after }
}

export function encodeMailboxPage({ hasMore, envelopes }: MailboxPage): Bytes {
  const writer = new Writer(PAGE_BYTES).u8(hasMore ? 1 : 0).u8(envelopes.length)
  for (const envelope of envelopes) writeRecord(writer, envelope)
  return writer.finish()
}

export function decodeMailboxPage(payload: Uint8Array): MailboxPage {
  const reader = new Reader(payload)
  const hasMore = reader.u8() === 1
  const envelopes = Array.from({ length: Math.min(reader.u8(), MAX_ON_PAGE) }, () => {
    const record = readRecord(reader)
    if (record.kind !== 'envelope') throw new BanyanError('malformed', 'another record than an envelope')
    return record
  })
  reader.end()
  return { hasMore, envelopes }
}
