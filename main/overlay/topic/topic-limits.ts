import { PeerBudgets } from '../base/peer-budgets.ts'
import { type NodeId } from '../base/id.ts'
import { type Clock } from '../ports/clock.ts'

/** Of one publisher: a lively room's burst, and what one person can type many times over. */
const PUBLISHER_BURST_MESSAGES = 300
const PUBLISHER_MESSAGES_PER_SECOND = 20
const PUBLISHER_BURST_BYTES = 2 * 1024 * 1024
const PUBLISHER_BYTES_PER_SECOND = 256 * 1024
/** Over one link, of all publishers together: no one of them can use it up. */
const LINK_BURST_MESSAGES = 2000
const LINK_MESSAGES_PER_SECOND = 200
const LINK_BURST_BYTES = 16 * 1024 * 1024
const LINK_BYTES_PER_SECOND = 1024 * 1024
/** All topics of a busy node at once, when its parent has gone. */
const BURST_SUBSCRIPTIONS = 2000
const SUBSCRIPTIONS_PER_SECOND = 50
/** For places, of all whose questions come that way; the answer is a hundred times as long as the question. */
const BURST_QUESTIONS = 400
const QUESTIONS_PER_SECOND = 20
/** A neighbour that leaves and returns is sent the latest publications anew: a short message with a long answer. */
const REPEATED_BURST_BYTES = 4 * 1024 * 1024
const REPEATED_BYTES_PER_SECOND = 128 * 1024
/** Who is above and below, counts, places: all topics of a busy neighbour at once, and some messages a second. */
const BURST_CONTROL = 4000
const CONTROL_PER_SECOND = 100

/** What one neighbour may ask of this node's trees. */
export class TopicLimits {
  readonly #publishers: PeerBudgets
  readonly #publishersBytes: PeerBudgets
  readonly #messages: PeerBudgets
  readonly #bytes: PeerBudgets
  readonly #subscriptions: PeerBudgets
  readonly #questions: PeerBudgets
  readonly #repeatedBytes: PeerBudgets
  readonly #control: PeerBudgets

  constructor(clock: Clock) {
    this.#publishers = new PeerBudgets(clock, PUBLISHER_BURST_MESSAGES, PUBLISHER_MESSAGES_PER_SECOND)
    this.#publishersBytes = new PeerBudgets(clock, PUBLISHER_BURST_BYTES, PUBLISHER_BYTES_PER_SECOND)
    this.#messages = new PeerBudgets(clock, LINK_BURST_MESSAGES, LINK_MESSAGES_PER_SECOND)
    this.#bytes = new PeerBudgets(clock, LINK_BURST_BYTES, LINK_BYTES_PER_SECOND)
    this.#subscriptions = new PeerBudgets(clock, BURST_SUBSCRIPTIONS, SUBSCRIPTIONS_PER_SECOND)
    this.#questions = new PeerBudgets(clock, BURST_QUESTIONS, QUESTIONS_PER_SECOND)
    this.#repeatedBytes = new PeerBudgets(clock, REPEATED_BURST_BYTES, REPEATED_BYTES_PER_SECOND)
    this.#control = new PeerBudgets(clock, BURST_CONTROL, CONTROL_PER_SECOND)
  }

  /** Asked before the signature is checked: that costs time, and it is the link's. */
  admitsOver(link: NodeId, bytes: number): boolean {
    return this.#messages.admits(link) && this.#bytes.admits(link, bytes)
  }

  admitsOf(publisher: NodeId, bytes: number): boolean {
    return this.#publishers.admits(publisher) && this.#publishersBytes.admits(publisher, bytes)
  }

  admitsSubscription(from: NodeId): boolean {
    return this.#subscriptions.admits(from)
  }

  admitsQuestion(from: NodeId): boolean {
    return this.#questions.admits(from)
  }

  admitsRepetition(to: NodeId, bytes: number): boolean {
    return this.#repeatedBytes.admits(to, bytes)
  }

  admitsControl(from: NodeId): boolean {
    return this.#control.admits(from)
  }
}
