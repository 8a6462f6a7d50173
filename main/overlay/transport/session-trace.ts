// What happens in one session, told to whoever wants to look at it later: a qlog file, or a test. Nothing is told, and
// nothing is computed for it, where nobody asks.

import { type Address } from '../ports/datagram-socket.ts'
import { type Frame } from '../wire/packet-frames.ts'
import { type CongestionLaw } from './congestion/laws.ts'
import { type DatagramCounts } from './datagram-queue.ts'
import { type SessionEnd } from './session-end.ts'

/** What a session knows about itself and its path. Counts are since it began; times and rates as in the laws. */
export interface SessionFigures {
  /** What its bytes obey. */
  readonly law: CongestionLaw
  /** 0 before the first sample. */
  readonly rttMs: number
  readonly rttVariationMs: number
  readonly leastRttMs: number
  readonly windowBytes: number
  /** Of the second window, that of background; undefined where none was sent by this path. */
  readonly backgroundWindowBytes: number | undefined
  readonly bytesInFlight: number
  /** Bytes per millisecond; undefined before anything is known of the path. */
  readonly pacingRate: number | undefined
  /** The size of a full packet: what the path is known to carry. */
  readonly packetBytes: number
  /** How often the path stopped carrying what it did. */
  readonly blackHoles: number
  readonly keyUpdates: number
  readonly datagrams: Readonly<DatagramCounts>
  readonly sentPackets: number
  readonly sentBytes: number
  readonly receivedPackets: number
  readonly receivedBytes: number
  /** Taken for lost; what was in them was sent again where it still mattered. */
  readonly lostPackets: number
  readonly lostBytes: number
  /** Packets with something of a stream in them that had been sent before, and how much that was. */
  readonly resentPackets: number
  readonly resentBytes: number
  /** Of those lost, how many only asked what the path carries: the answer was no. */
  readonly lostProbes: number
  /** Of those lost, how many arrived after all. */
  readonly latePackets: number
}

/** Why a packet was taken for lost (RFC 9002 §6.1). */
export type LossCause = 'reordering_threshold' | 'time_threshold'

/** The peer is elsewhere; has proven it (RFC 9000 §9.3); or has not, and is looked for where it was. */
export type PathState = 'migration_started' | 'migration_complete' | 'migration_abandoned'

/** Every moment is the monotonic clock's, in milliseconds. What is passed is the caller's again after the call. */
export interface SessionTrace {
  packetSent(number: number, bytes: number, frames: readonly Frame[], nowMs: number): void
  packetReceived(number: number, bytes: number, frames: readonly Frame[], nowMs: number): void
  packetLost(number: number, cause: LossCause, nowMs: number): void
  probeTimeout(nowMs: number): void
  figures(figures: SessionFigures, nowMs: number): void
  /** The path carries packets of another size, in bytes, than was known. */
  mtuUpdated(before: number, now: number, nowMs: number): void
  /** All packets that leave from now on are under the keys of this phase. */
  keyUpdated(phase: number, isByUs: boolean, nowMs: number): void
  pathUpdated(state: PathState, address: Address, nowMs: number): void
  closed(end: SessionEnd, nowMs: number): void
}

/** What is said about a session to whoever may trace it; undefined where nobody does. */
export type Tracer = (session: TracedSession) => SessionTrace | undefined

export interface TracedSession {
  readonly peer: string
  readonly ownConnectionId: number
  readonly isInitiator: boolean
  /** The monotonic clock's, from which all else counts. */
  readonly startMs: number
  /** The wall clock's, for the same moment. */
  readonly startWallMs: number
}
