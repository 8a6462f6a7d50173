// One node to another.
//
//   on a link   7 | payload                                the link has proved who sends it
//   routed      signed-message.ts, under LABEL

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair } from '../ports/crypto.ts'
import { MESSAGE } from './message-types.ts'
import { type SignedMessage, encodeSigned, openSigned } from './signed-message.ts'

const LABEL = utf8('banyan routed direct message')

export function encodeDirect(payload: Uint8Array): Bytes {
  return concat(Uint8Array.of(MESSAGE.direct), payload)
}

export function encodeSignedDirect(
  crypto: Crypto,
  pair: KeyPair,
  message: { to: NodeId; number: Bytes; payload: Uint8Array },
): Bytes {
  return encodeSigned(crypto, LABEL, pair, message)
}

/** Errors: malformed, bad-signature. */
export function openSignedDirect(crypto: Crypto, to: NodeId, bytes: Uint8Array): SignedMessage {
  return openSigned(crypto, LABEL, to, bytes)
}
