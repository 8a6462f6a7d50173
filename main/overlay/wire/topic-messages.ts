// The links of topic trees.
//
//   joined       8 | topic 32 | n 1 | n x ancestor 32   parent to child: you are my child; these lead to the root, me first
//   leave        9 | n 2 | n x topic 32                 either end: I am no longer your child, or your parent
//   heartbeat   10 | n 2 | n x topic 32                 child to parent: for these I count on you
//   publication 11 | topic 32 | hops 1 | length 4 | payload
//
// Routed: subscribe has an empty payload (the key is the topic); publish carries the publication's payload.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { readIds } from './routed-message.ts'

export const MAX_PUBLICATION_BYTES = 64 * 1024
/** Trees are as deep as routes are long; a longer list of ancestors is a loop. */
export const MAX_ANCESTORS = 32
/** 32 KiB of topics in one heartbeat: far above what two nodes share. */
export const MAX_TOPICS_PER_MESSAGE = 1024

export interface TopicJoined {
  topic: Id
  ancestors: NodeId[]
}

export interface TopicPublication {
  topic: Id
  hops: number
  payload: Bytes
}

export function encodeJoined(message: TopicJoined): Bytes {
  const ancestors = message.ancestors.slice(0, MAX_ANCESTORS)
  const writer = new Writer(64).u8(MESSAGE.topicJoined).id(message.topic).u8(ancestors.length)
  for (const id of ancestors) writer.id(id)
  return writer.finish()
}

export function decodeJoined(reader: Reader): TopicJoined {
  const topic = reader.id()
  const ancestors = readIds(reader, MAX_ANCESTORS)
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

export function encodePublication(message: TopicPublication): Bytes {
  const writer = new Writer(40 + message.payload.length).u8(MESSAGE.publication)
  return writer.id(message.topic).u8(message.hops).bytes32(message.payload).finish()
}

export function decodePublication(reader: Reader): TopicPublication {
  const topic = reader.id()
  const hops = reader.u8()
  const payload = reader.bytes32(MAX_PUBLICATION_BYTES)
  reader.end()
  return { topic, hops, payload }
}
