// One object for each distinct peer record. Neighbours tell each other of the same nodes over and over: of a hundred records
// that arrive, ninety are byte for byte what has been read before. Those cost a comparison here, instead of a hash for the
// id, half a dozen objects and, when they are to be believed, a signature check.
//
// A record is found by four bytes of its certificate and then compared in full, so what is found is what was sent. One
// place per such number: whoever makes records that collide only has them read anew. What was verified is remembered for the
// keys and certificate together, never for a part of them, and only after the check itself has passed.

import { equal, type Bytes } from '../base/bytes.ts'
import { type Crypto, PUBLIC_KEY_BYTES } from '../ports/crypto.ts'
import { type PeerRecords } from '../ports/peer-records.ts'
import { Reader, Writer } from './codec.ts'
import {
  decodePeerRecord,
  encodingOf,
  type PeerRecord,
  verifyPeerRecord,
  writePeerRecord,
} from './peer-record.ts'

/** Of one node: its leaf set, its table, their neighbours' leaf sets. Twice as many are kept at most. */
const USUAL_LIMIT = 1024
/** Where the certificate begins: behind both keys. */
const CERTIFICATE_AT = 2 * PUBLIC_KEY_BYTES

interface Pooled {
  record: PeerRecord
  encoded: Bytes
  isVerified: boolean
}

export class PeerRecordPool implements PeerRecords {
  readonly #crypto: Crypto
  readonly #network: { id: Uint8Array; puzzleBits: number }
  readonly #limit: number
  /** Two generations: what is not asked for while one fills up is forgotten. */
  #young = new Map<number, Pooled>()
  #old = new Map<number, Pooled>()

  /** For the records of one network. */
  constructor(crypto: Crypto, network: { id: Uint8Array; puzzleBits: number }, limit = USUAL_LIMIT) {
    this.#crypto = crypto
    this.#network = network
    this.#limit = limit
  }

  /** The next record of a message. Errors as those of `readPeerRecord`. */
  read(reader: Reader): PeerRecord {
    const key = reader.peek32(CERTIFICATE_AT)
    const pooled = key === undefined ? undefined : this.#find(key)
    if (pooled && reader.skip(pooled.encoded)) return pooled.record
    const record = decodePeerRecord(reader, this.#crypto, pooled?.record)
    const isVerified = pooled !== undefined && pooled.isVerified && isSameIdentity(pooled.record, record)
    this.#young.set(key!, { record, encoded: encodingOf(record)!, isVerified })
    return record
  }

  /** The record that everybody who reads this one from a message gets. */
  shared(record: PeerRecord): PeerRecord {
    const writer = new Writer(192)
    writePeerRecord(writer, record)
    return this.read(new Reader(writer.finish()))
  }

  /** As `verifyPeerRecord`, once for each identity. */
  verify(record: PeerRecord): void {
    const pooled = this.#find(keyOf(record))
    const isKnown = pooled !== undefined && isSameIdentity(pooled.record, record)
    if (isKnown && pooled.isVerified) return
    verifyPeerRecord(record, this.#crypto, this.#network)
    if (isKnown) pooled.isVerified = true
  }

  #find(key: number): Pooled | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    if (old) this.#young.set(key, old)
    return old
  }
}

function keyOf({ certificate }: PeerRecord): number {
  return (certificate[0]! << 24) | (certificate[1]! << 16) | (certificate[2]! << 8) | certificate[3]!
}

/** The same keys and certificate; addresses may differ, for nobody vouches for them. */
export function isSameIdentity(a: PeerRecord, b: PeerRecord): boolean {
  return (
    a === b ||
    (equal(a.certificate, b.certificate) && equal(a.nodeKey, b.nodeKey) && equal(a.noiseKey, b.noiseKey))
  )
}
