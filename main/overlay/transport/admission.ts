// Whether an initiation is worth computing. A sender address can be forged, so callers come in two kinds. The *unproven*
// share a small budget: while it lasts a call takes one round trip, and who finds it empty is asked to come back with a
// token. The *proven* have a larger budget of their own, which no forged address can touch, and of that each address range
// gets a part, so that one computer with many keys cannot take it all. An unproven call is never charged to its address
// range: with a forged sender it would shut out whoever really lives there.
//
//   no token, budget left ------------------> compute
//   no token, or one that does not hold ----> ask for a token
//   token holds, range and all have room ---> compute
//   token holds, range or all have none ----> drop
//
// The reading of a token costs hashes only, and nothing is kept for those who are asked.

import { toHex } from '../base/bytes.ts'
import { isLoopback, parseHost } from '../base/ip.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Clock } from '../ports/clock.ts'
import { type Address, CIRCUIT_RELAY_BYTES, isCircuit } from '../ports/datagram-socket.ts'
import { type DropReason } from './counters.ts'

/** Chosen: a handshake takes 5 s to be forgotten, at 200 a second these are all that come of it. */
export const MAX_HALF_OPEN = 1_024
/** Chosen: the other half stays for the proven, whatever the unproven leave unfinished. */
const MAX_HALF_OPEN_UNPROVEN = MAX_HALF_OPEN / 2
/** Chosen: what may come at once after a quiet time, in seconds of the rate; a room full of people that starts together. */
const BURST_SECONDS = 2
/** Chosen: a flood of forged addresses costs 50 handshakes a second, 2 % of one core, before callers are asked for tokens. */
const UNPROVEN_SHARE = 1 / 4
/** Chosen: 25 a second are enough for all who share one address behind a large translator, and eight such take all there is. */
const SOURCE_SHARE = 1 / 8
/** RFC 4291 §2.5.4: the half of an IPv6 address that names the network; its owner has all of the other half. */
const IPV6_PREFIX_BYTES = 8

export type Verdict = 'compute' | 'ask-for-token' | DropReason

export class Admission {
  readonly #clock: Clock
  readonly #unproven: TokenBucket
  readonly #proven: TokenBucket
  readonly #bySource: PeerBudgets

  constructor(ports: { clock: Clock; handshakesPerSecond: number }) {
    const { clock, handshakesPerSecond } = ports
    const bucket = (share: number): TokenBucket => {
      const perSecond = handshakesPerSecond * share
      return new TokenBucket(BURST_SECONDS * perSecond, perSecond, clock.nowMs())
    }
    const perSource = handshakesPerSecond * SOURCE_SHARE
    this.#clock = clock
    this.#unproven = bucket(UNPROVEN_SHARE)
    this.#proven = bucket(1)
    this.#bySource = new PeerBudgets(clock, BURST_SECONDS * perSource, perSource)
  }

  /** `halfOpen`: how many handshakes are unfinished now. */
  unproven(halfOpen: number): Verdict {
    const hasRoom = halfOpen < MAX_HALF_OPEN_UNPROVEN && this.#unproven.take(1, this.#clock.nowMs())
    return hasRoom ? 'compute' : 'ask-for-token'
  }

  proven(from: Address, halfOpen: number): Verdict {
    if (halfOpen >= MAX_HALF_OPEN) return 'half-open-limit'
    if (!isLoopback(from.host) && !this.#bySource.admits(addressRangeOf(from))) return 'source-limit'
    return this.#proven.take(1, this.#clock.nowMs()) ? 'compute' : 'handshake-limit'
  }
}

/** What one party is taken to own: an IPv4 address, the /64 of an IPv6 address. All who come through one relay are one. */
export function addressRangeOf(address: Address): string {
  const bytes = parseHost(address.host)
  if (bytes?.length !== 16) return address.host
  return toHex(bytes.subarray(0, isCircuit(address) ? CIRCUIT_RELAY_BYTES : IPV6_PREFIX_BYTES))
}
