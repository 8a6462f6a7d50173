// One node to another.
//
//   on a link   7 | payload                                the link has proved who sends it
//   routed      signed-message.ts, under LABEL
//   receipt     signed-message.ts, under RECEIPT_LABEL: from the receiver, to the sender, with the message's number, no payload
//
// Any node on a route can answer in the receiver's name. So only what the receiver signed says that it has the message: the
// signature covers the sender's id and the number, and the key that it holds under is the one whose hash is the receiver's id.

import { type Bytes, concat, EMPTY, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair } from '../ports/crypto.ts'
import { MESSAGE } from './message-types.ts'
import { type SignedMessage, encodeSigned, openSigned } from './signed-message.ts'

const LABEL = utf8('banyan routed direct message')
const RECEIPT_LABEL = utf8('banyan receipt of a direct message')

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

/** Signed by the receiver: `message` is what it opened. */
export function encodeReceipt(
  crypto: Crypto,
  pair: KeyPair,
  { from, number }: Pick<SignedMessage, 'from' | 'number'>,
): Bytes {
  return encodeSigned(crypto, RECEIPT_LABEL, pair, { to: from, number: fromHex(number)!, payload: EMPTY })
}

/** Throws bad-signature where it is not the receiver's for this message, malformed where it is no receipt at all. */
export function verifyReceipt(
  crypto: Crypto,
  message: { from: NodeId; to: NodeId; number: Bytes },
  bytes: Uint8Array,
): void {
  const receipt = openSigned(crypto, RECEIPT_LABEL, message.from, bytes)
  if (receipt.from !== message.to || receipt.number !== toHex(message.number))
    throw new BanyanError('bad-signature', 'a receipt by another, or of another message')
}
