// What is published to a topic.
//
//   version 1 | random id 16 | sealed( sent at 8 | certificate | name length 1 | name | signature 64 | text (rest) )
//
// Sealed with ChaCha20-Poly1305 under H(label, topic key, random id), so that nodes that carry it without knowing the
// topic's name learn neither author nor text; each key seals one publication, hence nonce 0. The signature is the node
// key's, over label, network, topic, random id, time, name and text; the certificate ties the node to its account.
// Two publications with one random id of one author are the same one.

import { MAX_TEXT_BYTES } from '../../../preload/contract.ts'
import { type Bytes, concat, fromUtf8, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { idToBytes } from '../../overlay/base/id.ts'
import { type Network } from '../../overlay/network.ts'
import { type Crypto, SIGNATURE_BYTES, TAG_BYTES } from '../../overlay/ports/crypto.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { CERTIFICATE_BYTES, type VerifiedCertificate, verifyCertificate } from '../account/certificate.ts'
import { cleanName } from '../contacts/clean-name.ts'
import { type Topic } from './topic-name.ts'

export interface TopicMessage {
  /** Front of H(author, random id): what makes repeats harmless, and nobody can take another's id. */
  messageId: Bytes
  author: VerifiedCertificate
  name: string
  sentAtMs: number
  text: string
}

export interface Author {
  certificate: Bytes
  accountKey: Bytes
  nodeSecretKey: Bytes
  name: string
}

const VERSION = 1
const RANDOM_BYTES = 16
const MESSAGE_ID_BYTES = 16
const KEY_LABEL = utf8('banyan publication key')
const SIGNED_LABEL = utf8('banyan publication')
const MESSAGE_LABEL = utf8('banyan topic message')

export function encodePublication(
  crypto: Crypto,
  network: Network,
  topic: Topic,
  author: Author,
  message: { random: Bytes; sentAtMs: number; text: string },
): { payload: Bytes; messageId: Bytes } {
  const name = utf8(author.name)
  const text = utf8(message.text)
  const body = signedBody(network, topic, message.random, message.sentAtMs, name, text)
  const inner = new Writer(512 + text.length)
    .u64(message.sentAtMs)
    .bytes(author.certificate)
    .u8(name.length)
    .bytes(name)
    .bytes(crypto.sign(body, author.nodeSecretKey))
    .bytes(text)
    .finish()
  const sealed = new Uint8Array(inner.length + TAG_BYTES)
  crypto.seal(sealed, inner, message.random, 0, keyOf(crypto, topic, message.random))
  const payload = new Writer(sealed.length + 32).u8(VERSION).bytes(message.random).bytes(sealed).finish()
  return { payload, messageId: messageIdOf(crypto, author.accountKey, message.random) }
}

/** Errors: malformed, too-large, bad-signature, bad-puzzle, expired. */
export function decodePublication(
  crypto: Crypto,
  network: Network,
  topic: Topic,
  payload: Uint8Array,
  wallMs: number,
): TopicMessage {
  const outer = new Reader(payload)
  if (outer.u8() !== VERSION) throw new BanyanError('malformed', 'a publication of an unknown version')
  const random = outer.bytes(RANDOM_BYTES)
  const reader = new Reader(open(crypto, topic, random, outer.rest()))
  const sentAtMs = reader.u64()
  const author = verifyCertificate(crypto, network, reader.bytes(CERTIFICATE_BYTES), wallMs)
  const name = reader.bytes(reader.u8())
  const signature = reader.bytes(SIGNATURE_BYTES)
  const text = reader.rest()
  if (!crypto.verify(signedBody(network, topic, random, sentAtMs, name, text), signature, author.nodeKey))
    throw new BanyanError('bad-signature', 'the author did not sign this publication')
  const messageId = messageIdOf(crypto, author.accountKey, random)
  return { messageId, author, name: cleanName(name), sentAtMs, text: textOf(text) }
}

function open(crypto: Crypto, topic: Topic, random: Bytes, sealed: Bytes): Bytes {
  if (sealed.length < TAG_BYTES) throw new BanyanError('malformed', 'ends too early')
  const inner = new Uint8Array(sealed.length - TAG_BYTES)
  if (!crypto.open(inner, sealed, random, 0, keyOf(crypto, topic, random)))
    throw new BanyanError('malformed', 'not sealed for this topic')
  return inner
}

function textOf(bytes: Bytes): string {
  if (bytes.length > MAX_TEXT_BYTES) throw new BanyanError('too-large', `a text of ${bytes.length} bytes`)
  if (bytes.length === 0) throw new BanyanError('malformed', 'an empty text')
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new BanyanError('malformed', 'a text that is not UTF-8', { cause })
  }
}

function keyOf(crypto: Crypto, topic: Topic, random: Uint8Array): Bytes {
  return crypto.hash(KEY_LABEL, topic.key, random)
}

function messageIdOf(crypto: Crypto, accountKey: Uint8Array, random: Uint8Array): Bytes {
  return crypto.hash(MESSAGE_LABEL, accountKey, random).slice(0, MESSAGE_ID_BYTES)
}

function signedBody(
  network: Network,
  topic: Topic,
  random: Uint8Array,
  sentAtMs: number,
  name: Uint8Array,
  text: Uint8Array,
): Bytes {
  const head = new Writer().u64(sentAtMs).u8(name.length).finish()
  return concat(SIGNED_LABEL, network.id, idToBytes(topic.id), random, head, name, text)
}
