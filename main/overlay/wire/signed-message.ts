// Bytes that one node has for another, and that nodes on the way could change: with the sender's key and signature.
//
//   node key 32 | number 8 | signature 64 | payload
//
// The signature covers a label that says what the bytes are for, the receiver's id, the number and the payload. It proves the sender,
// not the moment: that somebody delivers an old message again is what the number, chosen at random for each message, is to show.

import { type Bytes, concat, toHex } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { idToBytes, type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader } from './codec.ts'
import { nodeIdOf } from './peer-record.ts'

export const NUMBER_BYTES = 8
export const SIGNED_OVERHEAD_BYTES = PUBLIC_KEY_BYTES + NUMBER_BYTES + SIGNATURE_BYTES

export interface SignedMessage {
  from: NodeId
  /** In hex. */
  number: string
  payload: Bytes
}

export function encodeSigned(
  crypto: Crypto,
  label: Bytes,
  pair: KeyPair,
  message: { to: NodeId; number: Bytes; payload: Uint8Array },
): Bytes {
  const { to, number, payload } = message
  const signature = crypto.sign(concat(label, idToBytes(to), number, payload), pair.secretKey)
  return concat(pair.publicKey, number, signature, payload)
}

/** Errors: malformed, bad-signature. */
export function openSigned(crypto: Crypto, label: Bytes, to: NodeId, bytes: Uint8Array): SignedMessage {
  const reader = new Reader(bytes)
  const nodeKey = reader.bytes(PUBLIC_KEY_BYTES)
  const number = reader.bytes(NUMBER_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  const payload = reader.rest()
  if (!crypto.verify(concat(label, idToBytes(to), number, payload), signature, nodeKey))
    throw new BanyanError('bad-signature', 'a message that its sender did not sign')
  return { from: nodeIdOf(crypto, nodeKey), number: toHex(number), payload }
}
