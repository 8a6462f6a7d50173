// Asking at what address one is seen, and telling others (as a STUN binding, RFC 8489): one datagram each way, nothing kept
// for the asker. An address that is observed this way is the observer's word and nothing more; sightings.ts weighs them.

import { fromHex, toHex } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Address, type DatagramSocket, sameAddress } from '../ports/datagram-socket.ts'
import { addressRangeOf } from '../transport/admission.ts'
import { RetryTokens } from '../transport/retry-tokens.ts'
import {
  decodeKnock,
  decodeObserve,
  decodeObserved,
  encodeObserve,
  encodeObserved,
  NONCE_BYTES,
  type Observed,
  PACKET_OBSERVE,
  PACKET_OBSERVED,
} from '../wire/packet-reach.ts'

/** Chosen: a measurement asks some ten times at once; a range may hold several homes behind one translator. */
const BURST = 40
const PER_SECOND = 4
/** Chosen: 60 bytes and a hash of some 5 µs each; strangers can take 0.1 % of a core and 12 kB/s. */
const ALL_PER_SECOND = 200
/** Chosen: the token is brought back after a silent gap; the longest that is tried is some 130 s (gap-search.ts). */
const TOKEN_PERIOD_MS = 300_000
/** Chosen: at 5 % loss each way a question stays without an answer once in ten thousand times. */
const TRIES = 4
/** RFC 8489 §6.2.1 begins with 500 ms and doubles; 1 s is three of the longest round trips that are usual. */
const TRY_MS = [500, 1_000, 1_000, 1_000]

/** What an observer has answered, with what it takes to have it knock there later. */
export interface Seen extends Observed {
  readonly observer: Address
}

type Sender = Pick<DatagramSocket, 'send'>

/** Hears where a knock came from, and at which socket it came in. */
export type KnockListener = (from: Address, at: Sender) => void

export class Observing {
  readonly #around: Surroundings
  readonly #tokens: RetryTokens
  readonly #budgets: PeerBudgets
  readonly #all: TokenBucket
  readonly #pending = new Map<string, { to: Address; answered: (seen: Seen) => void }>()
  readonly #knocks = new Map<string, KnockListener>()

  constructor(around: Surroundings) {
    const { clock } = around
    this.#around = around
    this.#tokens = new RetryTokens(around, TOKEN_PERIOD_MS)
    this.#budgets = new PeerBudgets(clock, BURST, PER_SECOND)
    this.#all = new TokenBucket(ALL_PER_SECOND, ALL_PER_SECOND, clock.nowMs())
  }

  newNonce(): string {
    return toHex(this.#around.random.bytes(NONCE_BYTES))
  }

  /** Asks through the socket; undefined where no answer came within 3.5 s. */
  async ask(socket: Sender, to: Address): Promise<Seen | undefined> {
    const nonce = this.newNonce()
    return new Promise((resolve) => {
      const finish = (seen: Seen | undefined): void => {
        this.#pending.delete(nonce)
        timer.cancel()
        resolve(seen)
      }
      const send = (number: number) => {
        socket.send(encodeObserve(nonce), to)
        return this.#around.timers.after(TRY_MS[number]!, () => {
          if (number + 1 === TRIES) finish(undefined)
          else timer = send(number + 1)
        })
      }
      this.#pending.set(nonce, { to, answered: finish })
      let timer = send(0)
    })
  }

  /** Tells of the knocks with this nonce until the returned function is called. */
  onKnock(nonce: string, knocked: KnockListener): () => void {
    this.#knocks.set(nonce, knocked)
    return () => void this.#knocks.delete(nonce)
  }

  /** Whether the asker at that address has had this token of us, not long ago. */
  isToken({ nonce, address, token }: Observed): boolean {
    return this.#tokens.isValid(token, address, fromHex(nonce)!)
  }

  /** A datagram outside the sessions has come in at the socket; an answer leaves by it. */
  receive(datagram: Uint8Array, from: Address, socket: Sender): void {
    try {
      if (datagram[0] === PACKET_OBSERVE) this.#answer(decodeObserve(datagram), from, socket)
      else if (datagram[0] === PACKET_OBSERVED) this.#answered(decodeObserved(datagram), from)
      else this.#knocked(decodeKnock(datagram), from, socket)
    } catch (error) {
      this.#count(codeOf(error))
    }
  }

  #answer(nonce: string, from: Address, socket: Sender): void {
    const isWithin = this.#budgets.admits(addressRangeOf(from))
    if (!isWithin || !this.#all.take(1, this.#around.clock.nowMs())) return this.#count('over the limit')
    const token = this.#tokens.issue(from, fromHex(nonce)!)
    socket.send(encodeObserved({ nonce, address: from, token }), from)
  }

  #answered(observed: Observed, from: Address): void {
    const pending = this.#pending.get(observed.nonce)
    if (!pending || !sameAddress(pending.to, from)) return this.#count('answer to no question')
    pending.answered({ ...observed, observer: from })
  }

  #knocked(nonce: string, from: Address, socket: Sender): void {
    const knocked = this.#knocks.get(nonce)
    if (knocked) knocked(from, socket)
    else this.#count('knock that nobody waits for')
  }

  #count(reason: string): void {
    this.#around.drops.count(`reach packet: ${reason}`)
  }
}
