// What this node sends to addresses that have not answered yet, bounded in all and for each owner's range. Where peers are is
// their own unsigned word: whoever names a victim there, or dies there, has every node that wants to reach him call the
// victim, again and again. The bytes are charged when they leave and come back when the address answers, so a
// crowd that is where it says costs nothing, and what stays charged is what went to the dead and to third parties.
//
// A first call comes before repeats: those leave half of each budget alone, so that liars do not take the calls of others.

import { kindOfHost, ownerRangeOf } from '../base/ip-ranges.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Clock } from '../ports/clock.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { DATAGRAM_BYTES } from '../wire/packet.ts'

/** IP and UDP, of each packet. */
export const HEADER_BYTES = 28
const CALL_BYTES = DATAGRAM_BYTES + HEADER_BYTES

/** Chosen: seven dials to one dead address at once, or a company that starts together; then one call of 1,228 bytes in 2 s. */
const RANGE = { burst: 48 * CALL_BYTES, perSecond: CALL_BYTES / 2 }
/** Chosen: a node that joins where most of the others cannot be dialled calls some 20 times a second for a while. */
const ALL = { burst: 512 * CALL_BYTES, perSecond: 32 * CALL_BYTES }
/** Of a budget, what repeats leave alone. */
const RESERVE = 1 / 2

export class UnprovenBudget {
  readonly #ranges: PeerBudgets
  readonly #all: PeerBudgets

  constructor(clock: Clock) {
    this.#ranges = new PeerBudgets(clock, RANGE.burst, RANGE.perSecond)
    this.#all = new PeerBudgets(clock, ALL.burst, ALL.perSecond)
  }

  /** Charges so many bytes, headers included, for a packet to the address; false where it must not leave. */
  take(to: Address, bytes: number, isRepeat = false): boolean {
    if (!isBounded(to)) return true
    const range = rangeOf(to)
    const reserve = isRepeat ? RESERVE : 0
    if (!this.#ranges.admits(range, bytes, reserve * RANGE.burst)) return false
    if (this.#all.admits('all', bytes, reserve * ALL.burst)) return true
    this.#ranges.giveBack(range, bytes)
    return false
  }

  /** The address has answered for so many charged bytes. */
  answered(from: Address, bytes: number): void {
    if (!isBounded(from)) return
    this.#ranges.giveBack(rangeOf(from), bytes)
    this.#all.giveBack('all', bytes)
  }
}

/** What goes to this computer hits nobody else, and what goes through a volunteer is the volunteer's to bound. */
function isBounded(to: Address): boolean {
  return !isCircuit(to) && kindOfHost(to.host) !== 'loopback'
}

/** Homes number their computers alike: there one is no neighbour of the next. */
function rangeOf({ host }: Address): string {
  return kindOfHost(host) === 'public' ? ownerRangeOf(host) : host
}
