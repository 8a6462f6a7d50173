// The links of topic trees.
//
//   joined       8 | topic 32 | n 1 | n x ancestor 32   parent to child: you are my child; these lead to the root, me first
//   leave        9 | n 2 | n x topic 32                 either end: I am no longer your child, or your parent
//   heartbeat   10 | n 2 | n x topic 32                 child to parent: for these I count on you
//   publication 11 | topic 32 | hops 1 | signed publication
//   served      89 | n 1 | n x hint 8 | topic 32 | hops 1 | signed publication   child to parent: these siblings have it of me
//
//   hint                 the first 8 bytes of a node's id
//   signed publication   node key 32 | signature 64 | payload        over LABEL, the topic and the payload
//
// Routed: subscribe has an empty payload (the key is the topic); publish carries the signed publication. The signature
// says whose limit a publication counts against, at every hop, and nothing else: whom to believe, the application knows.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, idToBytes, type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { hintOf, readHints, writeHints } from './id-hints.ts'
import { MESSAGE } from './message-types.ts'
import { nodeIdOf, puzzleBits } from './peer-record.ts'

const LABEL = utf8('banyan publication')
export const MAX_PUBLICATION_BYTES = 64 * 1024
export const MAX_SERVED = 16
/** Trees are as deep as routes are long; a longer list of ancestors is a loop. */
export const MAX_ANCESTORS = 32
/** 32 KiB of topics in one heartbeat: far above what two nodes share. */
export const MAX_TOPICS_PER_MESSAGE = 1024

export interface TopicJoined {
  topic: Id
  ancestors: NodeId[]
}

export interface SignedPublication {
  publisher: Bytes
  signature: Bytes
  payload: Bytes
}

export interface TopicPublication {
  topic: Id
  hops: number
  signed: SignedPublication
}

export function encodeJoined(message: TopicJoined): Bytes {
  const ancestors = message.ancestors.slice(0, MAX_ANCESTORS)
  const writer = new Writer(64).u8(MESSAGE.topicJoined).id(message.topic).u8(ancestors.length)
  for (const id of ancestors) writer.id(id)
  return writer.finish()
}

export function decodeJoined(reader: Reader): TopicJoined {
  const topic = reader.id()
  const ancestors = reader.ids(MAX_ANCESTORS)
  reader.end()
  return { topic, ancestors }
}

export function encodeTopicList(type: number, topics: readonly Id[]): Bytes {
  const kept = topics.slice(0, MAX_TOPICS_PER_MESSAGE)
  const writer = new Writer(3 + 32 * kept.length).u8(type).u16(kept.length)
  for (const topic of kept) writer.id(topic)
  return writer.finish()
}

export function decodeTopicList(reader: Reader): Id[] {
  const count = reader.u16()
  if (count > MAX_TOPICS_PER_MESSAGE) throw new BanyanError('too-large', `${count} topics in one message`)
  const topics = Array.from({ length: count }, () => reader.id())
  reader.end()
  return topics
}

export function signPublication(crypto: Crypto, pair: KeyPair, topic: Id, payload: Bytes): SignedPublication {
  const signature = crypto.sign(concat(LABEL, idToBytes(topic), payload), pair.secretKey)
  return { publisher: pair.publicKey, signature, payload }
}

/** The publisher's id. Errors: bad-signature, bad-puzzle. */
export function verifyPublication(
  crypto: Crypto,
  network: { puzzleBits: number },
  topic: Id,
  signed: SignedPublication,
): NodeId {
  const id = nodeIdOf(crypto, signed.publisher)
  if (puzzleBits(crypto, idToBytes(id)) < network.puzzleBits)
    throw new BanyanError('bad-puzzle', 'the publisher is cheaper than this network asks')
  if (!crypto.verify(concat(LABEL, idToBytes(topic), signed.payload), signed.signature, signed.publisher))
    throw new BanyanError('bad-signature', 'a publication that its publisher did not sign')
  return id
}

export function encodeSignedPublication(signed: SignedPublication): Bytes {
  return concat(signed.publisher, signed.signature, signed.payload)
}

/** Errors: malformed, too-large. */
export function decodeSignedPublication(bytes: Uint8Array): SignedPublication {
  return readSigned(new Reader(bytes))
}

/** Of a publication's message. */
export function encodeServed(publication: Bytes, siblings: readonly NodeId[]): Bytes {
  const writer = new Writer(2 + 8 * MAX_SERVED + publication.length).u8(MESSAGE.topicServed)
  return writeHints(writer, siblings.map(hintOf), MAX_SERVED).bytes(publication.subarray(1)).finish()
}

/** Their hints; the publication follows them. Errors: malformed, too-large. */
export function decodeServed(reader: Reader): ReadonlySet<string> {
  return new Set(readHints(reader, MAX_SERVED))
}

export function encodePublication({ topic, hops, signed }: TopicPublication): Bytes {
  const writer = new Writer(136 + signed.payload.length).u8(MESSAGE.publication).id(topic).u8(hops)
  return writer.bytes(encodeSignedPublication(signed)).finish()
}

export function decodePublication(reader: Reader): TopicPublication {
  return { topic: reader.id(), hops: reader.u8(), signed: readSigned(reader) }
}

function readSigned(reader: Reader): SignedPublication {
  const publisher = reader.bytes(PUBLIC_KEY_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  if (reader.remaining > MAX_PUBLICATION_BYTES)
    throw new BanyanError('too-large', 'a publication past 64 KiB')
  return { publisher, signature, payload: reader.rest() }
}
