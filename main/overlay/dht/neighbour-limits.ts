import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Clock } from '../ports/clock.ts'

/** A chat publishes a handful of records now and then. By the source that a put claims ... */
const PUTS = { burst: 100, perSecond: 5 }
/** ... and by the neighbour it came over, who cannot claim to be another; so are stores, and questions. */
const BROUGHT = { burst: 1000, perSecond: 50 }
/** Messages between ring neighbours without a link: a record each, or a list of 512. */
const ROUTED = { burst: 2000, perSecond: 100 }
/** A talk about 100,000 records of which all differ takes 7,000 ranges; an ordinary one takes one. */
const RANGES = { burst: 8192, perSecond: 50 }
/** Looking through all that is kept, once in a talk of two seconds. */
const TREES = { burst: 64, perSecond: 1 }
/** A question of 40 bytes can have all that is shared named: twice what its asker waits for at a time. */
const NAMED = { burst: 16_384, perSecond: 200 }
/** What this node asks for because a neighbour has named it. */
const ASKED_FOR = { burst: 16_384, perSecond: 200 }
/** Chosen: all that a newcomer is to keep in an ordinary network, and what a volunteer's line does not notice. */
const HANDED_OVER_BYTES = { burst: 16 * 1024 * 1024, perSecond: 256 * 1024 }

/** What a neighbour may ask of this node's records, in whosever name: by the link that it came over, or its way ended with. */
export class NeighbourLimits {
  readonly #bySource: PeerBudgets
  readonly #puts: PeerBudgets
  readonly #stores: PeerBudgets
  readonly #questions: PeerBudgets
  readonly #routed: PeerBudgets
  readonly #ranges: PeerBudgets
  readonly #trees: PeerBudgets
  readonly #named: PeerBudgets
  readonly #askedFor: PeerBudgets
  readonly #handedOver: PeerBudgets

  constructor(clock: Clock) {
    const budgets = ({ burst, perSecond }: { burst: number; perSecond: number }): PeerBudgets =>
      new PeerBudgets(clock, burst, perSecond)
    this.#bySource = budgets(PUTS)
    this.#puts = budgets(BROUGHT)
    this.#stores = budgets(BROUGHT)
    this.#questions = budgets(BROUGHT)
    this.#routed = budgets(ROUTED)
    this.#ranges = budgets(RANGES)
    this.#trees = budgets(TREES)
    this.#named = budgets(NAMED)
    this.#askedFor = budgets(ASKED_FOR)
    this.#handedOver = budgets(HANDED_OVER_BYTES)
  }

  admitsPut(bringer: NodeId, source: NodeId): boolean {
    return this.#puts.admits(bringer) && this.#bySource.admits(source)
  }

  admitsStore(bringer: NodeId): boolean {
    return this.#stores.admits(bringer)
  }

  admitsQuestion(bringer: NodeId): boolean {
    return this.#questions.admits(bringer)
  }

  admitsRouted(bringer: NodeId): boolean {
    return this.#routed.admits(bringer)
  }

  admitsRanges(bringer: NodeId, count: number): boolean {
    return this.#ranges.admits(bringer, count)
  }

  admitsTree(bringer: NodeId): boolean {
    return this.#trees.admits(bringer)
  }

  admitsNaming(bringer: NodeId): boolean {
    return this.#named.admits(bringer)
  }

  admitsAskingFor(bringer: NodeId): boolean {
    return this.#askedFor.admits(bringer)
  }

  admitsHandover(bringer: NodeId, bytes: number): boolean {
    return this.#handedOver.admits(bringer, bytes)
  }
}
