// What the protocol folders see of the transport: links to peers that carry whole messages, reliably and in order per
// link. The transport's endpoint is one implementation; the simulator's modelled sessions are the other.

import { type Bytes } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { type Closing, type SessionEnd } from './session-end.ts'
import { type SessionFigures } from './session-trace.ts'
import { type Stream } from './stream.ts'
import { type Urgency } from './urgency.ts'

/** A direct message of 64 KiB of text, sealed, with room for its envelope. */
export const MAX_MESSAGE_BYTES = 128 * 1024

export interface Link {
  /** The peer as its handshake proved it. */
  readonly peer: PeerRecord
  /** Where the peer is reached now; undefined on a path that is no address. */
  readonly address: Address | undefined
  /** Where the peer has shown that it is, which may be elsewhere for a while when it moves. Links without addresses lack it. */
  readonly provenAddress?: Address | undefined
  /** Smoothed round-trip time; 0 before the first sample. */
  readonly rttMs: number
  readonly isOpen: boolean
  readonly traffic: LinkTraffic
  /** What a link by a session of ours knows of itself and its path, now. */
  readonly figures?: SessionFigures
  /**
   * Sends one message, delivered whole and once, or not at all when the link dies first. Messages of one urgency stay in
   * order; those past 16 KiB have an order of their own, and neither they nor what is in the background delays the others.
   * `acked` (if given) is called once: true when the peer's transport has acknowledged all of it, false when the link closed
   * before. PROMPT where no urgency is given. Throws too-large past MAX_MESSAGE_BYTES. A closed link drops the message and reports
   * false.
   */
  send(message: Uint8Array, acked?: (delivered: boolean) => void, urgency?: Urgency): void
  /** Asks the peer for a sign of life now; the link goes down where none comes within the probe timeouts. */
  probe(): void
  close(reason: string): void
}

/** A link by a session of ours: besides messages, streams and datagrams for what is larger, or of use only now. */
export interface StreamLink extends Link {
  /** A stream that the peer hears of with its first frame; NORMAL where no urgency is given. Errors: closed, quota. */
  openStream(urgency?: Urgency): Stream
  /**
   * Arrives at most once, and is dropped where it could not be sent for so long. A copy is taken. Errors: too-large, past what every
   * path carries in one packet (datagram-queue.ts). A closed link drops it.
   */
  sendDatagram(bytes: Uint8Array, maxAgeMs: number): void
  /**
   * Whether we show signs of life while nothing else is said; at first we do. Where neither side does, the session ends on both
   * without a packet, 150 s after the last.
   */
  keepAlive(isWanted: boolean): void
  /** Ends the session now: what is not acknowledged may be lost. The peer learns the code. */
  close(closing: Closing): void
  /**
   * Ends the session when all that was written to messages and streams, and the ends of streams, has arrived, or `withinMs` are over
   * (30 s), or no progress was made for ten probe timeouts. Nothing new is taken meanwhile: messages report false, streams of the
   * peer are refused, but those that are there go on. Returns whether all has arrived.
   */
  drain(closing: Closing, withinMs?: number): Promise<boolean>
  /** Once the session has ended: by whom, with what code, and how much of ours is lost. */
  readonly end: SessionEnd | undefined
  /**
   * Tries other addresses of the peer, while the session goes on where it is: where both ends do so at the same time, it moves
   * to one that answers, and nothing is lost. The first MAX_TRIALS count (path-trials.ts). Where it is not said whether this end
   * `mayMove` the session, the end that called may.
   */
  tryPaths(addresses: readonly Address[], mayMove?: boolean): void
}

export interface LinkTraffic {
  readonly sentPackets: number
  readonly sentBytes: number
  readonly receivedPackets: number
  readonly receivedBytes: number
}

/** Whom to call: by full record, or by noise key alone (a bootstrap entry), which the handshake then completes. */
export interface DialTarget {
  readonly noiseKey: Bytes
  readonly addresses: readonly Address[]
  /** Where known, a handshake with anybody else fails with `refused`. */
  readonly id?: NodeId
  /** The peer waits for the call at these addresses now: they are called at once, also those called before. */
  readonly isExpected?: boolean
  /** Volunteers that expect calls for the peer. Where they are given, though none, the link may run through a volunteer. */
  readonly servers?: readonly PeerRecord[]
}

export interface LinkEvents {
  up(link: Link): void
  down(link: Link, reason: string): void
  message(link: Link, message: Bytes): void
  /** The peer has opened a stream; `on` says who listens to it. Where nobody does, streams are refused. */
  stream?(link: Link, stream: Stream): void
  /** The bytes are valid during the call only. */
  datagram?(link: Link, bytes: Uint8Array): void
}

export interface Links {
  /** The record others may know this node by, with its present addresses. */
  readonly self: PeerRecord
  /** The link to a peer, dialled if there is none. Errors: unreachable, refused, bad-puzzle, bad-signature, wrong-network, closed. */
  dial(target: DialTarget): Promise<Link>
  get(id: NodeId): Link | undefined
  all(): Iterable<Link>
  on(events: LinkEvents): void
}
