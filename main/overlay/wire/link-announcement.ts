// Who a node with few links has links to, in its own signed words, so that those around it can draw the map.
//
//   announcement   peer record of the origin | sequence 4 | n 1 | n x first 8 bytes of the id of a linked node | signature 64
//
//   links         42 | n 1 | n x announcement
//   links known   43 | asks 1 | n 1 | n x (first 8 bytes of an origin's id | sequence 4)      what the sender has; the receiver
//                      sends the announcements that are missing there or newer, and where asked, what it has itself
//
// The signature covers LABEL, the network id, the sequence and the hints. A link counts where both of its ends name it, so
// nobody can claim to be beside somebody who does not say so too.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Crypto, type KeyPair, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { SPARSE_LINKS } from '../ports/paths.ts'
import { type Reader, Writer } from './codec.ts'
import { readHint, readHints, writeHint, writeHints } from './id-hints.ts'
import { MESSAGE } from './message-types.ts'
import { type PeerRecord, readPeerRecord, type RecordSource, writePeerRecord } from './peer-record.ts'

export interface LinkAnnouncement {
  origin: PeerRecord
  /** max(last + 1, Unix seconds), as a probe's. */
  sequence: number
  /** Hints (id-hints.ts); none from a node that is no part of the map any more. */
  links: readonly string[]
  signature: Bytes
}

/** Origins on one node's map. In a network of 10^9 as in one of 100: what is farther off is found by records and ids. */
export const MAX_MAPPED = 64
const LABEL = utf8('banyan links')

export function newAnnouncement(
  crypto: Crypto,
  networkId: Uint8Array,
  own: { record: PeerRecord; nodeKey: KeyPair },
  terms: Pick<LinkAnnouncement, 'sequence' | 'links'>,
): LinkAnnouncement {
  const signature = crypto.sign(signedBody(networkId, terms), own.nodeKey.secretKey)
  return { origin: own.record, ...terms, signature }
}

/** Throws bad-signature. The origin's record is verified by itself (peer-record.ts). */
export function verifyAnnouncement(
  { origin, signature, ...terms }: LinkAnnouncement,
  crypto: Crypto,
  networkId: Uint8Array,
): void {
  if (!crypto.verify(signedBody(networkId, terms), signature, origin.nodeKey))
    throw new BanyanError('bad-signature', 'links that their owner did not sign')
}

export function encodeLinks(announcements: readonly LinkAnnouncement[]): Bytes {
  const writer = new Writer(320 * announcements.length + 2).u8(MESSAGE.links)
  writer.u8(announcements.length)
  for (const { origin, sequence, links, signature } of announcements) {
    writePeerRecord(writer, origin)
    writeHints(writer.u32(sequence), links)
    writer.bytes(signature)
  }
  return writer.finish()
}

/** Errors: malformed, too-large. */
export function decodeLinks(reader: Reader, source: RecordSource): LinkAnnouncement[] {
  const announcements = Array.from({ length: countIn(reader) }, () => ({
    origin: readPeerRecord(reader, source),
    sequence: reader.u32(),
    links: readHints(reader, SPARSE_LINKS),
    signature: reader.bytes(SIGNATURE_BYTES),
  }))
  reader.end()
  return announcements
}

/** Sequences by hint. */
export interface LinksKnown {
  asks: boolean
  known: ReadonlyMap<string, number>
}

export function encodeLinksKnown({ asks, known }: LinksKnown): Bytes {
  const writer = new Writer(12 * known.size + 3)
    .u8(MESSAGE.linksKnown)
    .u8(asks ? 1 : 0)
    .u8(known.size)
  for (const [hint, sequence] of known) {
    writeHint(writer, hint)
    writer.u32(sequence)
  }
  return writer.finish()
}

/** Errors: malformed, too-large. */
export function decodeLinksKnown(reader: Reader): LinksKnown {
  const asks = reader.u8() === 1
  const known = new Map<string, number>()
  for (let left = countIn(reader); left > 0; left--) {
    const hint = readHint(reader)
    known.set(hint, reader.u32())
  }
  reader.end()
  return { asks, known }
}

/** Those on the map, and the sender. */
function countIn(reader: Reader): number {
  const count = reader.u8()
  if (count > MAX_MAPPED + 1) throw new BanyanError('too-large', `${count} nodes of one map`)
  return count
}

function signedBody(networkId: Uint8Array, terms: Pick<LinkAnnouncement, 'sequence' | 'links'>): Bytes {
  const writer = writeHints(new Writer(128).u32(terms.sequence), terms.links)
  return concat(LABEL, networkId, writer.finish())
}
