// What waits for one device, on this disk.
//
//   version 2 | account 32 | place length 2 | place ("" or "<conversation> <position>") | epoch 4
//   | sealed at 8 (Unix ms; 0 not sealed yet) | token 16 | cipher 1 (0 not sealed yet, 1 first, 2 ratchet) | plaintext length 4 | plaintext | ciphertext (rest)
//
// The plaintext stays until the acknowledgement: where the device cannot open the ciphertext (it was set up anew), the
// same words are sealed once more.

import { type Bytes, EMPTY, fromHex, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { MAX_MESSAGE_BYTES } from '../../overlay/transport/links.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { type Place } from '../conversations/rows.ts'
import { type Ciphertext } from '../ports/ratchet.ts'
import { TOKEN_BYTES } from './frames.ts'

export interface OutboxRow {
  accountId: string
  /** The message whose mark moves on with the acknowledgement. */
  place: Place | undefined
  /** Of the session that it was sealed in. */
  epoch: number
  /** 0 where it is not sealed. */
  sealedAtMs: number
  token: Bytes
  plaintext: Bytes
  ciphertext: Ciphertext | undefined
}

const VERSION = 2
const CIPHERS = [undefined, 'first', 'ratchet'] as const

export function encodeOutboxRow(row: OutboxRow): Bytes {
  const place = row.place ? `${row.place.conversationId} ${row.place.position}` : ''
  return new Writer(256 + row.plaintext.length + (row.ciphertext?.bytes.length ?? 0))
    .u8(VERSION)
    .bytes(fromHex(row.accountId)!)
    .text16(place)
    .u32(row.epoch)
    .u64(row.sealedAtMs)
    .bytes(row.token)
    .u8(CIPHERS.indexOf(row.ciphertext?.kind))
    .bytes32(row.plaintext)
    .bytes(row.ciphertext?.bytes ?? EMPTY)
    .finish()
}

/** Errors: store-damaged. */
export function decodeOutboxRow(bytes: Uint8Array): OutboxRow {
  const reader = new Reader(bytes)
  try {
    if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'an unknown version')
    const accountId = toHex(reader.bytes(32))
    const [conversationId, position] = reader.text16(200).split(' ')
    const place = conversationId && position ? { conversationId, position: Number(position) } : undefined
    const epoch = reader.u32()
    const sealedAtMs = reader.u64()
    const token = reader.bytes(TOKEN_BYTES)
    const kind = CIPHERS[reader.u8()]
    const plaintext = reader.bytes32(MAX_MESSAGE_BYTES)
    const ciphertext = kind && { kind, bytes: reader.rest() }
    return { accountId, place, epoch, sealedAtMs, token, plaintext, ciphertext }
  } catch (cause) {
    throw new BanyanError('store-damaged', 'a waiting message in the database cannot be read', { cause })
  }
}
