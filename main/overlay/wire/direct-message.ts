// One node to another.
//
//   on a link   7 | payload                                the link has proved who sends it
//   routed      node key 32 | number 8 | signature 64 | payload
//
// The signature covers LABEL, the receiver's id, the number and the payload. It proves the sender, not the moment: that
// a relay delivers an old message again is what the number, chosen at random for each message, is to show.

import { type Bytes, concat, toHex, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { idToBytes, type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { nodeIdOf } from './peer-record.ts'

const LABEL = utf8('banyan routed direct message')
export const NUMBER_BYTES = 8
export const SIGNED_OVERHEAD_BYTES = PUBLIC_KEY_BYTES + NUMBER_BYTES + SIGNATURE_BYTES

export interface SignedDirect {
  from: NodeId
  /** In hex. */
  number: string
  payload: Bytes
}

export function encodeDirect(payload: Uint8Array): Bytes {
  return concat(Uint8Array.of(MESSAGE.direct), payload)
}

export function encodeSignedDirect(
  crypto: Crypto,
  pair: KeyPair,
  message: { to: NodeId; number: Bytes; payload: Uint8Array },
): Bytes {
  const { to, number, payload } = message
  const signature = crypto.sign(concat(LABEL, idToBytes(to), number, payload), pair.secretKey)
  return concat(pair.publicKey, number, signature, payload)
}

/** Errors: malformed, bad-signature. */
export function openSignedDirect(crypto: Crypto, to: NodeId, bytes: Uint8Array): SignedDirect {
  const reader = new Reader(bytes)
  const nodeKey = reader.bytes(PUBLIC_KEY_BYTES)
  const number = reader.bytes(NUMBER_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  const payload = reader.rest()
  if (!crypto.verify(concat(LABEL, idToBytes(to), number, payload), signature, nodeKey))
    throw new BanyanError('bad-signature', 'a routed message that its sender did not sign')
  return { from: nodeIdOf(crypto, nodeKey), number: toHex(number), payload }
}
