// A holder's word that it keeps this version of a record, for whoever put it: answers of routed messages are not signed, so
// anybody on the way could say that a root keeps it.
//
//   node key 32 | signature 64     over the label and BLAKE2b-256 of the record's bytes
//
// The holder's id is the hash of its key. Nothing in it is of the moment: who kept a version once may be told of again, and
// the author learns nothing false from it.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { type DhtRecord } from '../api.ts'
import { type Crypto, type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { encodeRecord } from './dht-record.ts'
import { nodeIdOf } from './peer-record.ts'

export const RECEIPT_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES
const LABEL = utf8('banyan receipt of a record')

export function signReceipt(crypto: Crypto, holder: KeyPair, record: DhtRecord): Bytes {
  return concat(holder.publicKey, crypto.sign(bodyOf(crypto, record), holder.secretKey))
}

/** Who signed it; undefined where nobody did. */
export function receiptSigner(crypto: Crypto, record: DhtRecord, receipt: Bytes): NodeId | undefined {
  const nodeKey = receipt.subarray(0, PUBLIC_KEY_BYTES)
  const signature = receipt.subarray(PUBLIC_KEY_BYTES, RECEIPT_BYTES)
  const isSigned = crypto.verify(bodyOf(crypto, record), signature, nodeKey)
  return isSigned ? nodeIdOf(crypto, nodeKey) : undefined
}

function bodyOf(crypto: Crypto, record: DhtRecord): Bytes {
  return concat(LABEL, crypto.hash(encodeRecord(record)))
}
