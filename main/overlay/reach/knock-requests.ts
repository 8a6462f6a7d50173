// Asking for knocks: the other end of knock-service.ts. The knock itself comes outside every session, the peer's word about it
// on the session; a knock that came proves something whatever the word is, one that did not come proves something only
// where it was sent.

import { type Surroundings } from '../base/surroundings.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { type Link } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import {
  decodeKnockAnswer,
  encodeKnockAsk,
  encodeKnockToken,
  type Knocker,
  type KnockAnswer,
} from '../wire/reach-messages.ts'
import { type Observing, type Seen } from './observing.ts'

/** Chosen: two round trips to the stranger behind four others that refuse, of 300 ms each. */
const ANSWER_MS = 5_000
/** Chosen: the knock left no later than the word of it, and its way is no longer than three such. */
const KNOCK_MS = 1_500

type IsExpected = (from: Address, at: object) => boolean

export interface KnockOutcome {
  /** What the peer said; undefined where it said nothing in time. */
  readonly answer: KnockAnswer | undefined
  /** Where the knock came from; undefined where none came. */
  readonly from: Address | undefined
}

export class KnockRequests {
  readonly #around: Surroundings
  readonly #observing: Observing
  readonly #pending = new Map<string, { link: Link; answered: (answer: KnockAnswer) => void }>()

  constructor(around: Surroundings, observing: Observing) {
    this.#around = around
    this.#observing = observing
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [[MESSAGE.knockAnswer, (link, body) => this.#onAnswer(link, body)]]
  }

  /** At this socket; the other port is one of the peer's host. */
  ask(link: Link, who: Knocker, socket: object): Promise<KnockOutcome> {
    const nonce = this.#observing.newNonce()
    const host = who === 'other-port' ? link.address?.host : undefined
    const isExpected: IsExpected = (from, at) => at === socket && (host === undefined || from.host === host)
    return this.#request(link, nonce, encodeKnockAsk({ nonce, who }), isExpected)
  }

  /** Has the observer knock where it has seen this socket before; a knock from elsewhere, or at another socket, proves nothing. */
  askBack(link: Link, seen: Seen, socket: object): Promise<KnockOutcome> {
    const { nonce: askedNonce, token, address, observer } = seen
    const nonce = this.#observing.newNonce()
    const isExpected: IsExpected = (from, at) => at === socket && sameAddress(from, observer)
    return this.#request(link, nonce, encodeKnockToken({ nonce, askedNonce, token, address }), isExpected)
  }

  #request(link: Link, nonce: string, message: Uint8Array, isExpected: IsExpected): Promise<KnockOutcome> {
    return new Promise((resolve) => {
      let answer: KnockAnswer | undefined
      let from: Address | undefined
      const finish = (): void => {
        timer.cancel()
        forget()
        this.#pending.delete(nonce)
        resolve({ answer, from })
      }
      let timer = this.#around.timers.after(ANSWER_MS, finish)
      const forget = this.#observing.onKnock(nonce, (knocker, at) => {
        if (!isExpected(knocker, at)) return this.#around.drops.count('knock from elsewhere')
        from ??= knocker
        if (answer) finish()
      })
      const answered = (given: KnockAnswer): void => {
        answer = given
        timer.cancel()
        if (from || given.status !== 'knocked') finish()
        else timer = this.#around.timers.after(KNOCK_MS, finish)
      }
      this.#pending.set(nonce, { link, answered })
      link.send(message)
    })
  }

  #onAnswer(link: Link, body: Reader): void {
    const answer = decodeKnockAnswer(body)
    const pending = this.#pending.get(answer.nonce)
    if (pending?.link === link) pending.answered(answer)
    else this.#around.drops.count('knock answer to no question')
  }
}
