// One node to another.
//
//   on a link   7 | payload                                the link has proved who sends it
//   routed      node key 32 | signature 64 | payload       over LABEL, the receiver's id and the payload
//
// The signature proves the sender, not the moment: a relay can deliver an old message again, as a resend would.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { idToBytes, type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { nodeIdOf } from './peer-record.ts'

const LABEL = utf8('banyan routed direct message')
export const SIGNED_OVERHEAD_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES

export function encodeDirect(payload: Uint8Array): Bytes {
  return concat(Uint8Array.of(MESSAGE.direct), payload)
}

export function encodeSignedDirect(crypto: Crypto, pair: KeyPair, to: NodeId, payload: Uint8Array): Bytes {
  const signature = crypto.sign(concat(LABEL, idToBytes(to), payload), pair.secretKey)
  return concat(pair.publicKey, signature, payload)
}

/** Errors: malformed, bad-signature. */
export function openSignedDirect(
  crypto: Crypto,
  to: NodeId,
  bytes: Uint8Array,
): { from: NodeId; payload: Bytes } {
  const reader = new Reader(bytes)
  const nodeKey = reader.bytes(PUBLIC_KEY_BYTES)
  const signature = reader.bytes(SIGNATURE_BYTES)
  const payload = reader.rest()
  if (!crypto.verify(concat(LABEL, idToBytes(to), payload), signature, nodeKey))
    throw new BanyanError('bad-signature', 'a routed message that its sender did not sign')
  return { from: nodeIdOf(crypto, nodeKey), payload }
}
