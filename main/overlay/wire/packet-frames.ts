// What a sealed packet carries: frames, one after another. Numbers marked v are variable-length integers (RFC 9000 §16).
//
//    0 padding           nothing; any number of them
//    1 ping              nothing; asks for an acknowledgement
//    2 ack               largest v | delay v | more ranges v | first length v | (gap v | length v) per further range
//    3 stream            stream v | offset v | length v | data
//    4 stream, last      as 3, and the stream ends behind the data
//    5 max data          bytes v: how far all streams together may go
//    6 max stream data   stream v | bytes v: how far this stream may go
//    7 close             code v | reason length v | reason in UTF-8
//    8 observed address  family 1: 4 or 6 | host 4 or 16 | port 2: where the sender sees the receiver
//   16 path challenge    data 8: unpredictable; to be answered to where it came from
//   17 path response     data 8: those of the challenge
//   32 max streams       count v: how many streams the receiver of this may open in all
//   33 reset stream      stream v | code v | size v: the sender's half ends here, without its missing bytes
//   34 stop sending      stream v | code v: the receiver of the stream wants no more of it
//   35 datagram          length v | data: arrives once or not at all
//   36 ack frequency     packets v, 1 to 64: after so many the receiver of this acknowledges
//   37 application close as 7, with a code of the application's
//
// Ack ranges count as in RFC 9000 §19.3: a length of n covers n + 1 packets, a gap of n skips n + 1; the delay is in
// microseconds. Frame numbers are append-only; an unknown one ends the session, because its length is unknown too.

import { fromUtf8, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { formatHost, parseHost } from '../base/ip.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { PacketReader, type PacketWriter, varintBytes } from './packet-codec.ts'

const FRAME_PADDING = 0
const FRAME_PING = 1
const FRAME_ACK = 2
const FRAME_STREAM = 3
const FRAME_STREAM_LAST = 4
const FRAME_MAX_DATA = 5
const FRAME_MAX_STREAM_DATA = 6
const FRAME_CLOSE = 7
const FRAME_OBSERVED_ADDRESS = 8
const FRAME_PATH_CHALLENGE = 16
const FRAME_PATH_RESPONSE = 17
const FRAME_MAX_STREAMS = 0x20
const FRAME_RESET_STREAM = 0x21
const FRAME_STOP_SENDING = 0x22
const FRAME_DATAGRAM = 0x23
const FRAME_ACK_FREQUENCY = 0x24
const FRAME_APPLICATION_CLOSE = 0x25

/** Wire values of a close; append only. */
export const CLOSE_DONE = 0
export const CLOSE_BROKEN_RULE = 1
/** Told to a peer that speaks again after it was given up: it is known to live, and may call. */
export const CLOSE_GIVEN_UP = 2
/** The node ends its work: whoever counts on it need not wait for it to fall silent. */
export const CLOSE_LEFT = 3

/** RFC 9000 §19.17: nobody guesses as many. */
export const PATH_DATA_BYTES = 8
/** More than our own side ever keeps; a longer list is work without use. */
export const MAX_ACK_RANGES = 64
/** More packets without an ack than anybody asks for; a higher number would only keep the peer waiting for the longest delay. */
const MAX_ACK_FREQUENCY = 64
/** A reason is for a log line. */
export const MAX_REASON_BYTES = 128

/** Packets first to last, both included. */
export interface AckRange {
  first: number
  last: number
}

export type Frame =
  | { type: 'ping' }
  | { type: 'ack'; delayUs: number; ranges: AckRange[] } // newest first, at least one, never touching
  | { type: 'stream'; id: number; offset: number; isLast: boolean; data: Uint8Array }
  | { type: 'max-data'; limitBytes: number }
  | { type: 'max-stream-data'; id: number; limitBytes: number }
  | CloseFrame
  | { type: 'observed-address'; address: Address }
  | { type: 'path-challenge' | 'path-response'; data: Uint8Array }
  | { type: 'max-streams'; count: number }
  | { type: 'reset-stream'; id: number; code: number; size: number }
  | { type: 'stop-sending'; id: number; code: number }
  | { type: 'datagram'; data: Uint8Array }
  | { type: 'ack-frequency'; packets: number }

/** Whose code it is, the type tells, as 0x1c and 0x1d do in RFC 9000 §19.19. */
export interface CloseFrame {
  type: 'close' | 'application-close'
  code: number
  reason: string
}

/** Any frame about a stream without its data: a type and at most three numbers. */
export const MAX_STREAM_CONTROL_BYTES = 1 + 3 * 8

/** Whether a packet only asks or answers about paths: it says nothing about where its sender wants to be (RFC 9000 §9.1). */
export function isProbing(frames: readonly Frame[]): boolean {
  return frames.every(({ type }) => type === 'path-challenge' || type === 'path-response')
}

export function hasPing(frames: readonly Frame[]): boolean {
  return frames.some(({ type }) => type === 'ping')
}

/** Whether a packet is to be acknowledged, RFC 9002 §2: "ack-eliciting". */
export function asksForAck(frames: readonly Frame[]): boolean {
  return frames.some(({ type }) => type !== 'ack' && type !== 'close' && type !== 'application-close')
}

/** Bytes of a stream frame that are not data, for at most so much data. */
export function streamOverheadBytes(id: number, offset: number, dataBytes: number): number {
  return 1 + varintBytes(id) + varintBytes(offset) + varintBytes(dataBytes)
}

/** What stands before the data of a stream frame. */
export function writeStreamHeader(
  out: PacketWriter,
  id: number,
  offset: number,
  isLast: boolean,
  dataBytes: number,
): void {
  out
    .u8(isLast ? FRAME_STREAM_LAST : FRAME_STREAM)
    .varint(id)
    .varint(offset)
    .varint(dataBytes)
}

/** An upper bound for an ack of so many ranges, for numbers below 2^30; longer ones cost ranges, not correctness. */
export function ackBytes(ranges: number): number {
  return 1 + 8 + 8 + 2 + 8 + 8 * ranges
}

export function writeFrame(out: PacketWriter, frame: Frame): void {
  switch (frame.type) {
    case 'ping':
      out.u8(FRAME_PING)
      break
    case 'ack':
      writeAck(out, frame.delayUs, frame.ranges)
      break
    case 'stream':
      writeStreamHeader(out, frame.id, frame.offset, frame.isLast, frame.data.length)
      out.bytes(frame.data)
      break
    case 'max-data':
      out.u8(FRAME_MAX_DATA).varint(frame.limitBytes)
      break
    case 'max-stream-data':
      out.u8(FRAME_MAX_STREAM_DATA).varint(frame.id).varint(frame.limitBytes)
      break
    case 'close':
    case 'application-close':
      writeClose(out, frame)
      break
    case 'observed-address':
      writeObservedAddress(out, frame.address)
      break
    case 'path-challenge':
      out.u8(FRAME_PATH_CHALLENGE).bytes(frame.data)
      break
    case 'path-response':
      out.u8(FRAME_PATH_RESPONSE).bytes(frame.data)
      break
    case 'max-streams':
      out.u8(FRAME_MAX_STREAMS).varint(frame.count)
      break
    case 'reset-stream':
      out.u8(FRAME_RESET_STREAM).varint(frame.id).varint(frame.code).varint(frame.size)
      break
    case 'stop-sending':
      out.u8(FRAME_STOP_SENDING).varint(frame.id).varint(frame.code)
      break
    case 'datagram':
      out.u8(FRAME_DATAGRAM).varint(frame.data.length).bytes(frame.data)
      break
    case 'ack-frequency':
      out.u8(FRAME_ACK_FREQUENCY).varint(frame.packets)
  }
}

function writeAck(out: PacketWriter, delayUs: number, ranges: AckRange[]): void {
  const newest = ranges[0]!
  out
    .u8(FRAME_ACK)
    .varint(newest.last)
    .varint(delayUs)
    .varint(ranges.length - 1)
  out.varint(newest.last - newest.first)
  let below = newest.first
  for (let i = 1; i < ranges.length; i++) {
    const range = ranges[i]!
    out.varint(below - range.last - 2).varint(range.last - range.first)
    below = range.first
  }
}

function writeClose(out: PacketWriter, { type, code, reason }: CloseFrame): void {
  let text = utf8(reason)
  // Cutting inside a character would make the frame malformed for its reader, so whole characters go.
  while (text.length > MAX_REASON_BYTES) text = utf8((reason = reason.slice(0, -1)))
  out.u8(type === 'close' ? FRAME_CLOSE : FRAME_APPLICATION_CLOSE)
  out.varint(code).varint(text.length).bytes(text)
}

function writeObservedAddress(out: PacketWriter, address: Address): void {
  const host = parseHost(address.host)
  if (!host) throw new BanyanError('malformed', 'an address host that is no numeric IP address')
  out
    .u8(FRAME_OBSERVED_ADDRESS)
    .u8(host.length === 4 ? 4 : 6)
    .bytes(host)
    .u16(address.port)
}

/** All frames of one packet. Stream data and path data are views into it. Errors: malformed, too-large. */
export function readFrames(packet: Uint8Array): Frame[] {
  const reader = new PacketReader(packet)
  const frames: Frame[] = []
  while (reader.remaining > 0) {
    const kind = reader.u8()
    if (kind !== FRAME_PADDING) frames.push(readFrame(reader, kind))
  }
  return frames
}

function readFrame(reader: PacketReader, kind: number): Frame {
  switch (kind) {
    case FRAME_PING:
      return { type: 'ping' }
    case FRAME_ACK:
      return readAck(reader)
    case FRAME_STREAM:
    case FRAME_STREAM_LAST:
      return readStream(reader, kind === FRAME_STREAM_LAST)
    case FRAME_MAX_DATA:
      return { type: 'max-data', limitBytes: reader.varint() }
    case FRAME_MAX_STREAM_DATA:
      return { type: 'max-stream-data', id: reader.varint(), limitBytes: reader.varint() }
    case FRAME_CLOSE:
      return readClose(reader, 'close')
    case FRAME_APPLICATION_CLOSE:
      return readClose(reader, 'application-close')
    case FRAME_OBSERVED_ADDRESS:
      return readObservedAddress(reader)
    case FRAME_PATH_CHALLENGE:
      return { type: 'path-challenge', data: reader.view(PATH_DATA_BYTES) }
    case FRAME_PATH_RESPONSE:
      return { type: 'path-response', data: reader.view(PATH_DATA_BYTES) }
    case FRAME_MAX_STREAMS:
      return { type: 'max-streams', count: reader.varint() }
    case FRAME_RESET_STREAM:
      return { type: 'reset-stream', id: reader.varint(), code: reader.varint(), size: reader.varint() }
    case FRAME_STOP_SENDING:
      return { type: 'stop-sending', id: reader.varint(), code: reader.varint() }
    case FRAME_DATAGRAM:
      return { type: 'datagram', data: reader.view(reader.varint()) }
    case FRAME_ACK_FREQUENCY:
      return readAckFrequency(reader)
    default:
      throw new BanyanError('malformed', `unknown frame ${kind}`)
  }
}

function readAck(reader: PacketReader): Frame {
  const largest = reader.varint()
  const delayUs = reader.varint()
  const more = reader.varint()
  if (more >= MAX_ACK_RANGES) throw new BanyanError('too-large', `an ack of ${more + 1} ranges`)
  let first = largest - reader.varint()
  const ranges = [{ first, last: largest }]
  for (let i = 0; i < more; i++) {
    const last = first - reader.varint() - 2
    first = last - reader.varint()
    ranges.push({ first, last })
  }
  if (first < 0) throw new BanyanError('malformed', 'an ack of packets below zero')
  return { type: 'ack', delayUs, ranges }
}

function readAckFrequency(reader: PacketReader): Frame {
  const packets = reader.varint()
  if (packets < 1 || packets > MAX_ACK_FREQUENCY)
    throw new BanyanError('malformed', `an ack for ${packets} packets`)
  return { type: 'ack-frequency', packets }
}

function readStream(reader: PacketReader, isLast: boolean): Frame {
  const id = reader.varint()
  const offset = reader.varint()
  const data = reader.view(reader.varint())
  if (offset + data.length > Number.MAX_SAFE_INTEGER) throw new BanyanError('malformed', 'a stream past 2^53')
  return { type: 'stream', id, offset, isLast, data }
}

function readClose(reader: PacketReader, type: CloseFrame['type']): CloseFrame {
  const code = reader.varint()
  const length = reader.varint()
  if (length > MAX_REASON_BYTES) throw new BanyanError('too-large', `a reason of ${length} bytes`)
  const text = reader.view(length)
  try {
    return { type, code, reason: fromUtf8(text) }
  } catch (cause) {
    throw new BanyanError('malformed', 'a reason that is not UTF-8', { cause })
  }
}

function readObservedAddress(reader: PacketReader): Frame {
  const family = reader.u8()
  if (family !== 4 && family !== 6) throw new BanyanError('malformed', `address family ${family}`)
  const host = formatHost(reader.view(family === 4 ? 4 : 16))
  return { type: 'observed-address', address: { host, port: reader.u16() } }
}
