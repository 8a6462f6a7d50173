// Peer records as those who read and believe them see them: wire/peer-record-pool.ts is the implementation. One for each
// node; the nodes of a simulation share one.

import { type Reader } from '../wire/codec.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

export interface PeerRecords {
  /** The next record of a message. Errors: malformed, too-large. */
  read(reader: Reader): PeerRecord
  /** Throws bad-signature or bad-puzzle where the record's keys and certificate are not to be believed. */
  verify(record: PeerRecord): void
}
