// What an endpoint has seen: traffic in all, and everything it threw away, by reason.

export class Traffic {
  sentPackets = 0
  sentBytes = 0
  receivedPackets = 0
  receivedBytes = 0

  sent(bytes: number): void {
    this.sentPackets++
    this.sentBytes += bytes
  }

  received(bytes: number): void {
    this.receivedPackets++
    this.receivedBytes += bytes
  }
}

/** Why a datagram or a part of it was dropped. A fixed list, so that no stranger can make the table grow. */
export type DropReason =
  | 'unknown-kind' // the first byte names no packet
  | 'unknown-connection' // sealed for a connection id that is not here (any more)
  | 'malformed'
  | 'too-large'
  | 'not-authentic' // does not open with the session's key
  | 'replayed' // a packet number seen before, or too old to tell
  | 'bad-frame' // authentic, but against the rules: the session was closed
  | 'bad-signature'
  | 'bad-puzzle'
  | 'wrong-network'
  | 'wrong-version'
  | 'own-initiation' // a node that called itself
  | 'address-unproven' // too busy for a caller without a token: it was sent one
  | 'bad-token' // a token we did not make for this caller, or too long ago
  | 'source-limit' // more handshakes than one address range may ask of us
  | 'handshake-limit' // more handshakes than we are willing to compute
  | 'superseded' // a handshake that completes after a newer session with the same peer
  | 'half-open-limit' // too many handshakes that were not finished
  | 'unexpected-response' // answers no dial, or one that is done
  | 'unexpected-refusal'
  | 'unexpected-retry' // answers no call of ours, or one that was retried already
  | 'unexpected-path-response' // answers no challenge of ours, or one that is settled
  | 'unproven-limit' // held back: more than may go to addresses that never answered (unproven-budget.ts)
  | 'trial-limit' // a trial held back: more than three times what the session has brought
  | 'no-room' // a piece of a stream that could not be kept; it will come again
  | 'listener-failed' // a defect of ours, behind a message

export class Counters extends Traffic {
  /** Peers' moves to other addresses, and how they ended; `adopted` were moved to after a trial (path-validation.ts). */
  readonly paths = { moved: 0, challenged: 0, answered: 0, validated: 0, returned: 0, failed: 0, adopted: 0 }
  readonly dropped: Record<string, number> = {}

  drop(reason: DropReason): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
  }
}
