// What is inside an envelope, behind Signal's encryption.
//
//   token 16 | kind 1 | ...                     the token acknowledges the envelope (frames.ts)
//   text     1 | message id 16 | id of our text before it 16 (zeros: none that may come later) | sent at 8 | text (rest)
//   hello    2 | invitation token 16 (zeros: none) | name (rest)     I ask you to be my contact; also the first
//                                                                    word to a new device of a contact
//   accept   3 | name (rest)                    we are contacts
//   profile  4 | name (rest)                    I go by another name now
//   read     5 | n 2 | n x message id 16        your messages that I have seen
//
// Known to come from the device that its account certified. Still not to be trusted: the times and names it claims.

import { MAX_TEXT_BYTES } from '../../../preload/contract.ts'
import { type Bytes, fromUtf8, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { cleanName } from '../contacts/clean-name.ts'
import { TOKEN_BYTES } from './frames.ts'

export const MESSAGE_ID_BYTES = 16
/** One receipt for everything that a page of the window can hold, and some more. */
export const MAX_READ_IDS = 512

export type Payload =
  | { kind: 'text'; messageId: Bytes; after: Bytes; sentAtMs: number; text: string }
  | { kind: 'hello'; invitation: Bytes; name: string }
  | { kind: 'accept'; name: string }
  | { kind: 'profile'; name: string }
  | { kind: 'read'; messageIds: Bytes[] }

export const NO_MESSAGE = new Uint8Array(MESSAGE_ID_BYTES)

const TEXT = 1
const HELLO = 2
const ACCEPT = 3
const PROFILE = 4
const READ = 5

export function encodePayload(token: Bytes, payload: Payload): Bytes {
  const writer = new Writer().bytes(token)
  switch (payload.kind) {
    case 'text':
      writer
        .u8(TEXT)
        .bytes(payload.messageId)
        .bytes(payload.after)
        .u64(payload.sentAtMs)
        .bytes(utf8(payload.text))
      break
    case 'hello':
      writer.u8(HELLO).bytes(payload.invitation).bytes(utf8(payload.name))
      break
    case 'accept':
      writer.u8(ACCEPT).bytes(utf8(payload.name))
      break
    case 'profile':
      writer.u8(PROFILE).bytes(utf8(payload.name))
      break
    case 'read':
      writer.u8(READ).u16(payload.messageIds.length)
      for (const id of payload.messageIds) writer.bytes(id)
      break
  }
  return writer.finish()
}

/** Errors: malformed, too-large. */
export function decodePayload(bytes: Uint8Array): { token: Bytes; payload: Payload } {
  const reader = new Reader(bytes)
  const token = reader.bytes(TOKEN_BYTES)
  const payload = read(reader, reader.u8())
  reader.end()
  return { token, payload }
}

function read(reader: Reader, kind: number): Payload {
  switch (kind) {
    case TEXT:
      return {
        kind: 'text',
        messageId: reader.bytes(MESSAGE_ID_BYTES),
        after: reader.bytes(MESSAGE_ID_BYTES),
        sentAtMs: reader.u64(),
        text: readText(reader),
      }
    case HELLO:
      return { kind: 'hello', invitation: reader.bytes(TOKEN_BYTES), name: cleanName(reader.rest()) }
    case ACCEPT:
      return { kind: 'accept', name: cleanName(reader.rest()) }
    case PROFILE:
      return { kind: 'profile', name: cleanName(reader.rest()) }
    case READ:
      return { kind: 'read', messageIds: readIds(reader) }
    default:
      throw new BanyanError('malformed', `payload kind ${kind}`)
  }
}

function readText(reader: Reader): string {
  if (reader.remaining > MAX_TEXT_BYTES)
    throw new BanyanError('too-large', `a text of ${reader.remaining} bytes`)
  if (reader.remaining === 0) throw new BanyanError('malformed', 'an empty text')
  try {
    return fromUtf8(reader.rest())
  } catch (cause) {
    throw new BanyanError('malformed', 'a text that is not UTF-8', { cause })
  }
}

function readIds(reader: Reader): Bytes[] {
  const count = reader.u16()
  if (count > MAX_READ_IDS) throw new BanyanError('too-large', `${count} ids in one receipt`)
  return Array.from({ length: count }, () => reader.bytes(MESSAGE_ID_BYTES))
}
