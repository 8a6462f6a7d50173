import { type Network } from '../network.ts'
import { type Clock } from '../ports/clock.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Log } from '../ports/log.ts'
import { type Random } from '../ports/random.ts'
import { type PeerRecords } from '../ports/peer-records.ts'
import { type DropCounts } from './drop-counts.ts'
import { type TimerGroup } from './timer-group.ts'

/** What every protocol of one node is given: the ports, and the node's own timers and counters. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly network: Network
  readonly drops: DropCounts
  readonly timers: TimerGroup
  /** Peer records read before; without it each is read anew. */
  readonly records?: PeerRecords | undefined
}
