// How two nodes without a session agree to try each other at the same moment: the one calls the other, over an overlay route or
// through a volunteer that has sessions with both, with its candidates and a nonce; the called answers with its own,
// and both knock (punching.ts). Calls and answers are signed: nodes on the way can drop them, and nothing else.

import { type Bytes, fromHex, toHex } from '../base/bytes.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Routes } from '../ports/routes.ts'
import {
  ANSWER_LABEL,
  CALL_LABEL,
  type Candidates,
  addressesOf,
  decodeCandidates,
  encodeCandidates,
} from '../wire/candidates.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { NUMBER_BYTES, encodeSigned, openSigned } from '../wire/signed-message.ts'
import { type Punching } from './punching.ts'

/** Brings a call to the called node, and its answer back. */
export type Carrier = (call: Bytes) => Promise<Uint8Array>

export interface RendezvousParts {
  self: NodeId
  nodeKey: KeyPair
  routes: Routes
  punching: Punching
  /** What this node would have others try. */
  candidates(): Promise<Candidates>
}

const ROUTE_TIMEOUT_MS = 3_000
/** RFC 9000 §8.1's factor, of the bytes of the call. */
const AMPLIFICATION = 3
/** A peer that moves about, and one that is out to make us knock. */
const CALLS_BURST = 6
const CALLS_PER_SECOND = 0.2
/** Of all callers: a room full of people that starts together. */
const ALL_CALLS_BURST = 64
const ALL_CALLS_PER_SECOND = 8
const MAX_REMEMBERED_CALLS = 256

export class Rendezvous {
  readonly #around: Surroundings
  readonly #parts: RendezvousParts
  readonly #budgets: PeerBudgets
  readonly #budget: PeerBudgets
  /** Of the last calls by number: one may come by several ways, and once more for an answer that was lost. */
  readonly #answers = new BoundedMap<string, Promise<Bytes>>(MAX_REMEMBERED_CALLS)

  constructor(around: Surroundings, parts: RendezvousParts) {
    this.#around = around
    this.#parts = parts
    this.#budgets = new PeerBudgets(around.clock, CALLS_BURST, CALLS_PER_SECOND)
    this.#budget = new PeerBudgets(around.clock, ALL_CALLS_BURST, ALL_CALLS_PER_SECOND)
    parts.routes.register(APPLICATION.rendezvous, { deliver: ({ payload }) => this.answer(payload) })
  }

  /** Carries a call over an overlay route. Errors: those of a route. */
  overRoute(to: NodeId): Carrier {
    const options = { timeoutMs: ROUTE_TIMEOUT_MS, isExact: true, isOnce: true }
    return async (call) =>
      (await this.#parts.routes.request(to, APPLICATION.rendezvous, call, options)).payload
  }

  /**
   * Calls the peer. `onAddresses` hears where it says that it is, and of each address from which it was heard, also after the answer.
   * Errors: those of the carrier, malformed, too-large, bad-signature.
   */
  async call(
    to: NodeId,
    carry: Carrier,
    onAddresses: (addresses: readonly Address[]) => void,
  ): Promise<void> {
    const { crypto, random } = this.#around
    const { nodeKey, punching } = this.#parts
    const number = random.bytes(NUMBER_BYTES)
    const nonce = toHex(number)
    const payload = encodeCandidates(await this.#parts.candidates())
    const call = encodeSigned(crypto, CALL_LABEL, nodeKey, { to, number, payload })
    punching.begin(nonce, Infinity, (from) => onAddresses([from]))
    const theirs = this.#open(to, nonce, await carry(call))
    punching.at(nonce, addressesOf(theirs))
    onAddresses(theirs.addresses)
  }

  /** A call came in: knocks, and answers. Errors: malformed, too-large, bad-signature, quota. */
  async answer(call: Uint8Array): Promise<Bytes> {
    const { crypto, drops } = this.#around
    const { self, punching } = this.#parts
    const { from, number, payload } = openSigned(crypto, CALL_LABEL, self, call)
    const theirs = decodeCandidates(payload)
    const known = this.#answers.get(number)
    if (known) return known
    if (!this.#budgets.admits(from) || !this.#budget.admits('all')) {
      drops.count('rendezvous: more calls than are answered')
      throw new BanyanError('quota', 'more calls than this node answers')
    }
    const answer = this.#answerTo(from, number)
    this.#answers.set(number, answer)
    await answer // what it forecasts is the port of the first knock
    punching.begin(number, AMPLIFICATION * call.length, () => undefined)
    punching.at(number, addressesOf(theirs))
    return answer
  }

  async #answerTo(to: NodeId, number: string): Promise<Bytes> {
    const payload = encodeCandidates(await this.#parts.candidates())
    const message = { to, number: fromHex(number)!, payload }
    return encodeSigned(this.#around.crypto, ANSWER_LABEL, this.#parts.nodeKey, message)
  }

  /** Errors: malformed, too-large, bad-signature. */
  #open(to: NodeId, nonce: string, answer: Uint8Array): Candidates {
    const opened = openSigned(this.#around.crypto, ANSWER_LABEL, this.#parts.self, answer)
    if (opened.from !== to || opened.number !== nonce)
      throw new BanyanError('bad-signature', 'an answer by another, or to another call')
    return decodeCandidates(opened.payload)
  }
}
