// How a node finds a better place in a topic's tree (topic/placing.ts).
//
//   seek    80 | topic 32 | spot | mean round trip 2      to a node in the tree: take me as your child; a child of it: I am here
//   hand on 81 | topic 32 | places                        parent to child: you are better off with one of these
//   sibling 88 | topic 32 | parent 32                     child of it to another: publications from below me go to you at once
//
// Routed: place, to the topic (its root answers) or to one node of the tree exactly:
//
//   question   topic 32 | for 1: 0 a parent, 1 siblings | spot
//   answer     places
//   places     n 1 | n x (peer record | room 1 | cost 2 | spot)
//   spot       known 1 | where it is, x 2, y 2, height 2, in tenths of a millisecond; of an unknown one nothing follows
//
// Times are tenths of a millisecond; cost is what a message takes between the node and the
// core (topic/place-list.ts) along the tree. All of it is what
// somebody claims: it decides whom to measure, and what is measured decides.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { type PeerRecord, readPeerRecord, type RecordSource, writePeerRecord } from './peer-record.ts'

export const MAX_PLACES = 8
const TENTHS = 10
const MOST = 0xffff
const HALF = 0x8000

/** A node in the space of round trips: they take |a - b| + a.height + b.height milliseconds. */
export interface Spot {
  x: number
  y: number
  height: number
}

/** A node of the tree that another may hang itself under. */
export interface Place {
  record: PeerRecord
  hasRoom: boolean
  /** What a message takes between it and the core. */
  costMs: number
  spot: Spot | undefined
}

export interface TopicSeek {
  topic: Id
  spot: Spot | undefined
  /** Over all of its links: the lower, the more central it is. */
  meanRttMs: number
}

export interface PlaceQuestion {
  topic: Id
  /** A child asks its parent for children near it, that have some below them. */
  isForSiblings: boolean
  spot: Spot | undefined
}

export interface TopicSibling {
  topic: Id
  parent: NodeId
}

export function encodeSeek({ topic, spot, meanRttMs }: TopicSeek): Bytes {
  const writer = new Writer(42).u8(MESSAGE.topicSeek).id(topic)
  writeSpot(writer, spot)
  return writer.u16(unsigned(meanRttMs)).finish()
}

export function decodeSeek(reader: Reader): TopicSeek {
  const topic = reader.id()
  const spot = readSpot(reader)
  const meanRttMs = reader.u16() / TENTHS
  reader.end()
  return { topic, spot, meanRttMs }
}

export function encodeHandOn(topic: Id, places: readonly Place[]): Bytes {
  const writer = new Writer(1024).u8(MESSAGE.topicHandOn).id(topic)
  return writePlaces(writer, places).finish()
}

/** Errors: malformed, too-large. */
export function decodeHandOn(reader: Reader, source: RecordSource): { topic: Id; places: Place[] } {
  const topic = reader.id()
  return { topic, places: readPlaces(reader, source) }
}

export function encodeSibling({ topic, parent }: TopicSibling): Bytes {
  return new Writer(65).u8(MESSAGE.topicSibling).id(topic).id(parent).finish()
}

export function decodeSibling(reader: Reader): TopicSibling {
  const sibling = { topic: reader.id(), parent: reader.id() }
  reader.end()
  return sibling
}

export function encodePlaceQuestion({ topic, isForSiblings, spot }: PlaceQuestion): Bytes {
  const writer = new Writer(40).id(topic).u8(isForSiblings ? 1 : 0)
  writeSpot(writer, spot)
  return writer.finish()
}

export function decodePlaceQuestion(reader: Reader): PlaceQuestion {
  const topic = reader.id()
  const isForSiblings = reader.u8() === 1
  const spot = readSpot(reader)
  reader.end()
  return { topic, isForSiblings, spot }
}

export function encodePlaces(places: readonly Place[]): Bytes {
  return writePlaces(new Writer(1024), places).finish()
}

export function decodePlaces(reader: Reader, source: RecordSource): Place[] {
  return readPlaces(reader, source)
}

function writePlaces(writer: Writer, places: readonly Place[]): Writer {
  const kept = places.slice(0, MAX_PLACES)
  writer.u8(kept.length)
  for (const { record, hasRoom, costMs, spot } of kept) {
    writePeerRecord(writer, record)
    writer.u8(hasRoom ? 1 : 0).u16(unsigned(costMs))
    writeSpot(writer, spot)
  }
  return writer
}

function readPlaces(reader: Reader, source: RecordSource): Place[] {
  const count = reader.u8()
  if (count > MAX_PLACES) throw new BanyanError('too-large', `${count} places where ${MAX_PLACES} may stand`)
  const places = Array.from({ length: count }, () => ({
    record: readPeerRecord(reader, source),
    hasRoom: reader.u8() === 1,
    costMs: reader.u16() / TENTHS,
    spot: readSpot(reader),
  }))
  reader.end()
  return places
}

function writeSpot(writer: Writer, spot: Spot | undefined): void {
  if (!spot) return void writer.u8(0)
  writer.u8(1).u16(signed(spot.x)).u16(signed(spot.y)).u16(unsigned(spot.height))
}

function readSpot(reader: Reader): Spot | undefined {
  const known = reader.u8()
  if (known > 1) throw new BanyanError('malformed', 'a spot that is neither known nor unknown')
  if (known === 0) return undefined
  const x = (reader.u16() - HALF) / TENTHS
  const y = (reader.u16() - HALF) / TENTHS
  return { x, y, height: reader.u16() / TENTHS }
}

function unsigned(ms: number): number {
  return Math.max(0, Math.min(MOST, Math.round(ms * TENTHS)))
}

function signed(ms: number): number {
  return Math.max(0, Math.min(MOST, Math.round(ms * TENTHS) + HALF))
}
