// What devices send each other over the overlay. Everything a person wrote is inside `sealed`; the rest keeps it moving.
//
//   sealed  1 | cipher 1 (1 first, 2 ratchet) | certificate length 2 | certificate | ciphertext
//   ack     2 | n 2 | n x (envelope 16 | token 16)
//   nack    3 | n 2 | n x envelope 16
//   ask     4                                   send me your prekey bundle
//   bundle  5 | signed record                   the same record as in the DHT
//
// An envelope is named by the front of its ciphertext's hash, so the name cannot be changed on the way. An ack proves that
// the ciphertext was opened: the token comes from inside. The certificate stands in front of `first` only: it says whose
// device begins the session. Not to be trusted: a nack (it costs a new session, and only for envelopes that wait).

import { type Bytes } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { type DhtRecord } from '../../overlay/api.ts'
import { MAX_MESSAGE_BYTES } from '../../overlay/transport/links.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { readRecord, writeRecord } from '../../overlay/wire/dht-record.ts'
import { CERTIFICATE_BYTES } from '../account/certificate.ts'
import { type Ciphertext } from '../ports/ratchet.ts'

export const ENVELOPE_BYTES = 16
export const TOKEN_BYTES = 16
/** One ack for a full window of envelopes (device-queue.ts). */
export const MAX_ACKS = 256

export interface Ack {
  envelope: Bytes
  token: Bytes
}

export type Frame =
  | { kind: 'sealed'; ciphertext: Ciphertext; certificate: Bytes | undefined }
  | { kind: 'ack'; acks: Ack[] }
  | { kind: 'nack'; envelopes: Bytes[] }
  | { kind: 'ask' }
  | { kind: 'bundle'; record: DhtRecord }

const SEALED = 1
const ACK = 2
const NACK = 3
const ASK = 4
const BUNDLE = 5
const CIPHERS = { first: 1, ratchet: 2 } as const

export function envelopeOf(crypto: Crypto, ciphertext: Uint8Array): Bytes {
  return crypto.hash(ciphertext).slice(0, ENVELOPE_BYTES)
}

/** Errors: too-large. */
export function encodeFrame(frame: Frame): Bytes {
  const writer = new Writer(frame.kind === 'sealed' ? 512 + frame.ciphertext.bytes.length : 256)
  switch (frame.kind) {
    case 'sealed':
      writer.u8(SEALED).u8(CIPHERS[frame.ciphertext.kind])
      writer.bytes16(frame.certificate ?? new Uint8Array(0)).bytes(frame.ciphertext.bytes)
      break
    case 'ack':
      writer.u8(ACK).u16(frame.acks.length)
      for (const { envelope, token } of frame.acks) writer.bytes(envelope).bytes(token)
      break
    case 'nack':
      writer.u8(NACK).u16(frame.envelopes.length)
      for (const envelope of frame.envelopes) writer.bytes(envelope)
      break
    case 'ask':
      writer.u8(ASK)
      break
    case 'bundle':
      writeRecord(writer.u8(BUNDLE), frame.record)
      break
  }
  return writer.finish()
}

/** Errors: malformed, too-large. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new BanyanError('too-large', `a frame of ${bytes.length} bytes`)
  const reader = new Reader(bytes)
  const frame = read(reader, reader.u8())
  reader.end()
  return frame
}

function read(reader: Reader, kind: number): Frame {
  switch (kind) {
    case SEALED:
      return readSealed(reader)
    case ACK:
      return {
        kind: 'ack',
        acks: list(reader, () => ({
          envelope: reader.bytes(ENVELOPE_BYTES),
          token: reader.bytes(TOKEN_BYTES),
        })),
      }
    case NACK:
      return { kind: 'nack', envelopes: list(reader, () => reader.bytes(ENVELOPE_BYTES)) }
    case ASK:
      return { kind: 'ask' }
    case BUNDLE:
      return { kind: 'bundle', record: readRecord(reader) }
    default:
      throw new BanyanError('malformed', `frame kind ${kind}`)
  }
}

function readSealed(reader: Reader): Frame {
  const cipher = reader.u8()
  if (cipher !== CIPHERS.first && cipher !== CIPHERS.ratchet)
    throw new BanyanError('malformed', `cipher ${cipher}`)
  const certificate = reader.bytes16(CERTIFICATE_BYTES)
  const ciphertext: Ciphertext = {
    kind: cipher === CIPHERS.first ? 'first' : 'ratchet',
    bytes: reader.rest(),
  }
  return { kind: 'sealed', ciphertext, certificate: certificate.length > 0 ? certificate : undefined }
}

function list<T>(reader: Reader, readOne: () => T): T[] {
  const count = reader.u16()
  if (count > MAX_ACKS) throw new BanyanError('too-large', `${count} envelopes in one frame`)
  return Array.from({ length: count }, readOne)
}
