// What neighbours in a topic's tree tell each other besides publications, and what a root has its ring neighbours keep.
//
//   counts     82 | n 1 | n x (topic 32 | members 4 | height 1 | children 2)   child to parent, a heartbeat for these too
//   told       83 | topic 32 | members 4 | cost 2 | core 1                     parent to child: members in all; what a message
//                                                                              takes between the parent and the core, in 0.1 ms;
//                                                                              1 where the child is the core
//   digest     84 | topic 32 | n 2 | n x publication 8                         publications of late that I have
//   want       85 | topic 32 | n 2 | n x publication 8                         of those these
//   root state 86 | topic 32 | n 1 | n x peer record                           root to those who would follow it: its children
//   kept       87 | topic 32 | hops 1 | signed publication                     the same, of each publication
//
// A publication is named by the first 8 bytes of its id: whoever makes two with one name hides one of his own, and only where
// it was lost before.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id } from '../base/id.ts'
import { type Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { type PeerRecord, readPeerRecord, type RecordSource, writePeerRecord } from './peer-record.ts'

export const MAX_COUNTS = 64
export const MAX_NAMED = 256
export const MAX_LISTED_CHILDREN = 8
const TENTHS = 10

export interface SubtreeCounts {
  /** Members in the subtree, its top included. */
  members: number
  /** Levels below the top. */
  height: number
  children: number
}

/** 16 hex digits: the first 8 bytes of a publication's id. */
export type PublicationName = string

export interface NamedPublications {
  topic: Id
  names: PublicationName[]
}

export function nameOf(id: Id): PublicationName {
  return id.slice(0, 16)
}

export function encodeCounts(counts: readonly [Id, SubtreeCounts][]): Bytes {
  const kept = counts.slice(0, MAX_COUNTS)
  const writer = new Writer(2 + 39 * kept.length).u8(MESSAGE.topicCounts).u8(kept.length)
  for (const [topic, { members, height, children }] of kept)
    writer.id(topic).u32(members).u8(Math.min(height, 255)).u16(children)
  return writer.finish()
}

export function decodeCounts(reader: Reader): [Id, SubtreeCounts][] {
  const count = reader.u8()
  if (count > MAX_COUNTS) throw new BanyanError('too-large', `counts of ${count} topics`)
  const counts = Array.from({ length: count }, (): [Id, SubtreeCounts] => [
    reader.id(),
    { members: reader.u32(), height: reader.u8(), children: reader.u16() },
  ])
  reader.end()
  return counts
}

export interface Told {
  topic: Id
  members: number
  costMs: number
  isCore: boolean
}

export function encodeTold({ topic, members, costMs, isCore }: Told): Bytes {
  const cost = Math.max(0, Math.min(0xffff, Math.round(costMs * TENTHS)))
  const writer = new Writer(40).u8(MESSAGE.topicTold).id(topic).u32(members).u16(cost)
  return writer.u8(isCore ? 1 : 0).finish()
}

export function decodeTold(reader: Reader): Told {
  const told = {
    topic: reader.id(),
    members: reader.u32(),
    costMs: reader.u16() / TENTHS,
    isCore: reader.u8() === 1,
  }
  reader.end()
  return told
}

export function encodeDigest({ topic, names }: NamedPublications): Bytes {
  return encodeNames(MESSAGE.topicDigest, topic, names)
}

export function encodeWant({ topic, names }: NamedPublications): Bytes {
  return encodeNames(MESSAGE.topicWant, topic, names)
}

/** Of a digest, and of what is wanted. */
export function decodeNames(reader: Reader): NamedPublications {
  const topic = reader.id()
  const count = reader.u16()
  if (count > MAX_NAMED) throw new BanyanError('too-large', `${count} publications named at once`)
  const names = Array.from({ length: count }, () => reader.hex8())
  reader.end()
  return { topic, names }
}

export function encodeRootState(topic: Id, children: readonly PeerRecord[]): Bytes {
  const kept = children.slice(0, MAX_LISTED_CHILDREN)
  const writer = new Writer(34 + 160 * kept.length).u8(MESSAGE.topicRootState).id(topic).u8(kept.length)
  for (const child of kept) writePeerRecord(writer, child)
  return writer.finish()
}

export function decodeRootState(reader: Reader, source: RecordSource): { topic: Id; children: PeerRecord[] } {
  const topic = reader.id()
  const count = reader.u8()
  if (count > MAX_LISTED_CHILDREN) throw new BanyanError('too-large', `${count} children of a root`)
  const children = Array.from({ length: count }, () => readPeerRecord(reader, source))
  reader.end()
  return { topic, children }
}

/** A publication's message, to be kept instead of spread. */
export function asKept(publication: Bytes): Bytes {
  const kept = publication.slice()
  kept[0] = MESSAGE.topicKept
  return kept
}

function encodeNames(type: number, topic: Id, names: readonly PublicationName[]): Bytes {
  const kept = names.slice(-MAX_NAMED)
  const writer = new Writer(35 + 8 * kept.length).u8(type).id(topic).u16(kept.length)
  for (const name of kept) writer.hex8(name)
  return writer.finish()
}
