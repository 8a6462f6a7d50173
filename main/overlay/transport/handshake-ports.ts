// What both sides of a handshake need of the endpoint.

import { type Bytes } from '../base/bytes.ts'
import { type Identity } from '../identity.ts'
import { type Network } from '../network.ts'
import { type Clock } from '../ports/clock.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Counters } from './counters.ts'
import { type UnprovenBudget } from './unproven-budget.ts'

export interface HandshakePorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly network: Network
  readonly identity: Identity
  readonly counters: Counters
  /** What may go to addresses that have not answered. */
  readonly unproven: UnprovenBudget
  /** How many handshakes with callers of proven address may be computed; all other limits follow from it. */
  readonly handshakesPerSecond: number
  self(): PeerRecord
  send(datagram: Bytes, to: Address): void
  newConnectionId(): number
  /** Rises with every call: which of two things in this endpoint came first. */
  nextOrder(): number
}
