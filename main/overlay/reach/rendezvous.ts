// How two nodes without a session agree to try each other at the same moment: the one calls the other, over an overlay route or
// through a volunteer that has sessions with both, with its candidates and a nonce; the called answers with its own,
// and both knock (punching.ts). Calls and answers are signed: nodes on the way can drop them, and nothing else.

import { type Bytes, fromHex, toHex } from '../base/bytes.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId, idToBytes } from '../base/id.ts'
import { ownerRangeOf } from '../base/ip-ranges.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { isTriable } from '../base/triable.ts'
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
  triableWith,
} from '../wire/candidates.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord, puzzleBits } from '../wire/peer-record.ts'
import { NUMBER_BYTES, encodeSigned, openSigned } from '../wire/signed-message.ts'
import { type Punching } from './punching.ts'

/** Brings a call to the called node, and its answer back; `observed` is where a server on the way sees the called node. */
export type Carrier = (call: Bytes) => Promise<{ payload: Uint8Array; observed?: Address }>

/** Who has brought a call: the neighbour it came over, whom it says it is from, and where a server sees that one. */
export interface CallBringer {
  readonly neighbour: NodeId
  readonly source: NodeId
  readonly observed?: Address
}

export interface RendezvousParts {
  self(): PeerRecord
  nodeKey: KeyPair
  routes: Routes
  punching: Punching
  /** What this node would have others try. */
  candidates(): Promise<Candidates>
}

interface Answer {
  readonly own: Candidates
  readonly bytes: Bytes
}

const ROUTE_TIMEOUT_MS = 3_000
/** RFC 9000 §8.1's factor, of the bytes of the call. */
const AMPLIFICATION = 3
/** IP and UDP: what comes and goes is counted with it. */
const HEADER_BYTES = 28
/** A call with a forecast is as long as the knocks at all of its ports, three times over, take. */
const FORECAST_CALL_BYTES = 800
/** Chosen: what a caller spends on his own call; some 90 knocks. */
const OWN_KNOCK_BYTES = 3_500
/** Of the named addresses so many are dialled before anything was heard from there: a handshake is 1,200 bytes. */
const MAX_DIALLED = 4

interface Limit {
  burst: number
  perSecond: number
}

/** A peer that moves about, and one that is out to make us knock. */
const BY_CALLER: Limit = { burst: 6, perSecond: 0.2 }
/** Ids cost something, but not much: who brings a call answers for it as well. */
const BY_NEIGHBOUR: Limit = { burst: 24, perSecond: 2 }
/** Addresses in one owner's range, named by anybody: a company's calls at once, or a victim's two packets of 37 bytes a second. */
const BY_TARGET: Limit = { burst: 96, perSecond: 2 }
/** A room full of people that starts together. */
const ALL_CALLS: Limit = { burst: 64, perSecond: 8 }
const MAX_REMEMBERED_CALLS = 256

export class Rendezvous {
  readonly #around: Surroundings
  readonly #parts: RendezvousParts
  readonly #neighbours: PeerBudgets
  readonly #callers: PeerBudgets
  readonly #targets: PeerBudgets
  readonly #all: PeerBudgets
  /** Of the last calls by number: one may come by several ways, and once more for an answer that was lost. */
  readonly #answers = new BoundedMap<string, Promise<Answer>>(MAX_REMEMBERED_CALLS)

  constructor(around: Surroundings, parts: RendezvousParts) {
    this.#around = around
    this.#parts = parts
    const budgets = ({ burst, perSecond }: Limit): PeerBudgets =>
      new PeerBudgets(around.clock, burst, perSecond)
    this.#neighbours = budgets(BY_NEIGHBOUR)
    this.#callers = budgets(BY_CALLER)
    this.#targets = budgets(BY_TARGET)
    this.#all = budgets(ALL_CALLS)
    parts.routes.register(APPLICATION.rendezvous, {
      deliver: ({ payload, source }, previous = source) =>
        this.answer(payload, { neighbour: previous, source }),
    })
  }

  /** Carries a call over an overlay route. Errors: those of a route. */
  overRoute(to: NodeId): Carrier {
    const options = { timeoutMs: ROUTE_TIMEOUT_MS, isExact: true, isOnce: true }
    return (call) => this.#parts.routes.request(to, APPLICATION.rendezvous, call, options)
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
    const own = await this.#parts.candidates()
    const payload = encodeCandidates(own, own.forecast ? FORECAST_CALL_BYTES : 0)
    const call = encodeSigned(crypto, CALL_LABEL, nodeKey, { to, number, payload })
    punching.begin(nonce, OWN_KNOCK_BYTES, (from) => onAddresses([from]))
    const answer = await carry(call)
    const theirs = triableWith(own, this.#open(to, nonce, answer.payload))
    punching.at(nonce, this.#knockable(theirs, answer.observed))
    onAddresses(this.#triable({ addresses: theirs.addresses }, answer.observed).slice(0, MAX_DIALLED))
  }

  /** A call came in: knocks, and answers. Errors: malformed, too-large, bad-signature, bad-puzzle, quota. */
  async answer(call: Uint8Array, by: CallBringer): Promise<Bytes> {
    const { crypto, network, drops } = this.#around
    const { self, punching } = this.#parts
    const { from, number, payload } = openSigned(crypto, CALL_LABEL, self().id, call)
    if (from !== by.source) throw new BanyanError('bad-signature', 'a call signed by another than its source')
    if (puzzleBits(crypto, idToBytes(from)) < network.puzzleBits)
      throw new BanyanError('bad-puzzle', 'the caller has an id that cost nothing')
    const theirs = decodeCandidates(payload)
    const known = this.#answers.get(number)
    if (known) return (await known).bytes
    const isWithin = this.#neighbours.admits(by.neighbour) && this.#callers.admits(from)
    if (!isWithin || !this.#all.admits('all')) {
      drops.count('rendezvous: more calls than are answered')
      throw new BanyanError('quota', 'more calls than this node answers')
    }
    const answer = this.#answerTo(from, number)
    this.#answers.set(number, answer)
    const { bytes, own } = await answer // what it forecasts is the port of the first knock
    punching.begin(number, AMPLIFICATION * (call.length + HEADER_BYTES), () => undefined)
    punching.at(number, this.#knockable(triableWith(own, theirs), by.observed))
    return bytes
  }

  /** What a server has seen comes first, and nothing that leads about in our own networks. */
  #triable(theirs: Candidates, observed: Address | undefined): Address[] {
    const own = this.#parts.self().addresses.map(({ host }) => host)
    const all = [...(observed ? [observed] : []), ...addressesOf(theirs)]
    return all.filter((address) => isTriable(address, own))
  }

  #knockable(theirs: Candidates, observed: Address | undefined): Address[] {
    return this.#triable(theirs, observed).filter((address) => this.#mayKnock(address))
  }

  /** Many peers may name one victim. */
  #mayKnock({ host }: Address): boolean {
    const isWithin = this.#targets.admits(ownerRangeOf(host))
    if (!isWithin) this.#around.drops.count('rendezvous: more knocks than one network gets')
    return isWithin
  }

  async #answerTo(to: NodeId, number: string): Promise<Answer> {
    const own = await this.#parts.candidates()
    const message = { to, number: fromHex(number)!, payload: encodeCandidates(own) }
    return { own, bytes: encodeSigned(this.#around.crypto, ANSWER_LABEL, this.#parts.nodeKey, message) }
  }

  /** Errors: malformed, too-large, bad-signature. */
  #open(to: NodeId, nonce: string, answer: Uint8Array): Candidates {
    const opened = openSigned(this.#around.crypto, ANSWER_LABEL, this.#parts.self().id, answer)
    if (opened.from !== to || opened.number !== nonce)
      throw new BanyanError('bad-signature', 'an answer by another, or to another call')
    return decodeCandidates(opened.payload)
  }
}
