// What the two Noise messages carry, encrypted and bound to the handshake.
//
//   hello (in the initiation)   connection id 8 | initiator's peer record n | zeros up to 1,065 bytes
//   answer (in the response)    status 1 | connection id 8 | observed address 7 or 19 | responder's peer record n
//
// Each side's connection id is the one it wants to be addressed by. The observed address is where the responder saw
// the initiator. A status other than welcome ends the handshake with an authenticated reason.
// Not to be trusted: the records, until verifyPeerRecord has passed and the noise key is the handshake's own.

import { type Bytes, concat } from '../base/bytes.ts'
import { BanyanError, type ErrorCode } from '../base/errors.ts'
import { type Network } from '../network.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { Reader, Writer } from './codec.ts'
import { NETWORK_TAG_BYTES, NOISE_HELLO_BYTES } from './packet.ts'
import { type PeerRecord, readAddress, readPeerRecord, writeAddress, writePeerRecord } from './peer-record.ts'

/** Noise IK message 1 around its payload: ephemeral key 32, sealed static key 48, tag 16. */
const NOISE_HELLO_OVERHEAD_BYTES = 96
const HELLO_BYTES = NOISE_HELLO_BYTES - NOISE_HELLO_OVERHEAD_BYTES

/** Wire values of `status`; append only. */
const STATUSES = ['welcome', 'bad-signature', 'bad-puzzle'] as const satisfies readonly (
  'welcome' | ErrorCode
)[]
export type AnswerStatus = (typeof STATUSES)[number]

export interface Hello {
  connectionId: number
  record: PeerRecord
}

export interface Answer {
  status: AnswerStatus
  connectionId: number
  observed: Address
  record: PeerRecord
}

/**
 * Version and network stand in the prologue: a handshake between different ones does not open. The version is the one the
 * initiation names, so whoever changes it on the way has broken the handshake (Noise §6 on prologues).
 */
export function prologueOf(network: Network, version: number): Bytes {
  return concat(Uint8Array.of(version), network.id)
}

/** In the clear, so that a node of another network can say so instead of keeping silent. */
export function networkTagOf(network: Network): Bytes {
  return network.id.slice(0, NETWORK_TAG_BYTES)
}

export function encodeHello(hello: Hello): Bytes {
  const writer = new Writer(HELLO_BYTES).u64(hello.connectionId)
  writePeerRecord(writer, hello.record)
  const padded = new Uint8Array(HELLO_BYTES)
  padded.set(writer.finish())
  return padded
}

export function decodeHello(payload: Uint8Array, crypto: Crypto): Hello {
  const reader = new Reader(payload)
  return { connectionId: reader.u64(), record: readPeerRecord(reader, crypto) }
}

export function encodeAnswer(answer: Answer): Bytes {
  const writer = new Writer(512).u8(STATUSES.indexOf(answer.status)).u64(answer.connectionId)
  writeAddress(writer, answer.observed)
  writePeerRecord(writer, answer.record)
  return writer.finish()
}

export function decodeAnswer(payload: Uint8Array, crypto: Crypto): Answer {
  const reader = new Reader(payload)
  const status = STATUSES[reader.u8()]
  if (!status) throw new BanyanError('malformed', 'an answer of unknown status')
  const connectionId = reader.u64()
  const answer = {
    status,
    connectionId,
    observed: readAddress(reader),
    record: readPeerRecord(reader, crypto),
  }
  reader.end()
  return answer
}
