// The side that calls: one dial to one noise key, at several addresses. The same initiation goes to all of them, each a
// little after the one before (RFC 8305 §5), again and again with growing pauses; the first answer wins. Only an answer that
// opens ends the calls: whoever refuses, or asks for a token first, has not shown who he is.
//
//   calling --answer--> done
//      |  \--answer while the peer calls us too--> held --its call went through--> done
//      |                                             \--it did not--> calling (with a new handshake)
//      \--no answer in time, stop--> done

import { type Bytes, equal } from '../base/bytes.ts'
import { BanyanError, type ErrorCode } from '../base/errors.ts'
import { type Timer } from '../ports/clock.ts'
import { type NoiseHandshake } from '../ports/crypto.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { decodeAnswer, encodeHello, networkTagOf, prologueOf } from '../wire/packet-handshake.ts'
import {
  DATAGRAM_BYTES,
  ECHO_BYTES,
  PROTOCOL_VERSION,
  REFUSED_NETWORK,
  type Refusal,
  type Retry,
  encodeInitiation,
} from '../wire/packet.ts'
import { verifyPeerRecord } from '../wire/peer-record.ts'
import { type HandshakePorts } from './handshake-ports.ts'
import { type DialTarget, type StreamLink } from './links.ts'
import { type SessionFacts } from './session-ports.ts'
import { HEADER_BYTES } from './unproven-budget.ts'

/** RFC 8305 §5. */
const STAGGER_MS = 250
/** Chosen: no RTT is known yet; the first pause covers nearly all paths, and a path that loses a third gets seven tries. */
const PAUSES_MS = [400, 600, 800, 1_000]
/** Chosen: people wait about so long. */
const GIVE_UP_MS = 5_000
/** Chosen: what one dial may cost strangers whose addresses somebody has put into a record. */
const MAX_DIAL_ADDRESSES = 16
/** A sum of fractions may fall short of a moment by a rounding error; that is not early. */
const ROUNDING_MS = 0.01
const NO_TOKEN: Bytes = new Uint8Array(0)
const CALL_BYTES = DATAGRAM_BYTES + HEADER_BYTES

interface Attempt {
  address: Address
  nextMs: number
  sent: number
  sentMs: number
  /** What the answerer at this address wants to see; empty until it asks. */
  token: Bytes
  /** Of the latest call. */
  wasRetried: boolean
  /** For calls that were not answered (unproven-budget.ts). */
  chargedBytes: number
}

const NEW_ATTEMPT = { sent: 0, sentMs: 0, token: NO_TOKEN, wasRetried: false, chargedBytes: 0 }

export interface DialOutcome {
  /** The handshake is complete: install a session, or `hold`. */
  completed(dial: Dial, facts: SessionFacts): void
  /** The dial is over, with a link or an error. */
  over(dial: Dial): void
}

export class Dial {
  readonly target: DialTarget
  readonly connectionId: number
  readonly link: Promise<StreamLink>
  readonly #ports: HandshakePorts
  readonly #outcome: DialOutcome
  readonly #attempts: Attempt[] = []
  readonly #giveUpMs: number
  #noise!: NoiseHandshake
  #noiseHello!: Bytes
  #state: 'calling' | 'held' | 'done' = 'calling'
  #wasHeld = false
  #refusedAs: ErrorCode | undefined
  #timer: Timer | undefined
  #resolve!: (link: StreamLink) => void
  #reject!: (error: BanyanError) => void

  constructor(target: DialTarget, ports: HandshakePorts, outcome: DialOutcome) {
    this.target = target
    this.#ports = ports
    this.#outcome = outcome
    this.connectionId = ports.newConnectionId()
    this.#giveUpMs = ports.clock.nowMs() + GIVE_UP_MS
    this.link = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#prepare()
    this.#addAttempts(target)
  }

  start(): void {
    this.#work()
  }

  /** More addresses of the same peer; those already tried are not tried faster, unless the peer expects it. */
  add(target: DialTarget): void {
    this.#addAttempts(target)
    this.#work()
  }

  #addAttempts({ addresses, isExpected = false }: DialTarget): void {
    const nowMs = this.#ports.clock.nowMs()
    const staggerMs = isExpected ? 0 : STAGGER_MS
    let nextMs = isExpected
      ? nowMs
      : Math.max(nowMs, (this.#attempts.at(-1)?.nextMs ?? -Infinity) + STAGGER_MS)
    for (const address of addresses) {
      const known = this.#attempts.find((attempt) => sameAddress(attempt.address, address))
      if (known && isExpected) known.nextMs = nowMs
      if (known || !this.#hasRoom(isExpected)) continue
      this.#attempts.push({ ...NEW_ATTEMPT, address, nextMs })
      nextMs += staggerMs
    }
  }

  /** Where the peer is expected takes the place of what was called most, in vain. */
  #hasRoom(isExpected: boolean): boolean {
    if (this.#attempts.length < MAX_DIAL_ADDRESSES) return true
    if (!isExpected) return false
    const most = this.#attempts.reduce((most, attempt) => (attempt.sent > most.sent ? attempt : most))
    this.#attempts.splice(this.#attempts.indexOf(most), 1)
    return true
  }

  get wasHeld(): boolean {
    return this.#wasHeld
  }

  /** A response to our connection id. Never throws for what is in it. */
  answered(message: Bytes, from: Address): void {
    if (this.#state !== 'calling') return this.#ports.counters.drop('unexpected-response')
    let facts: SessionFacts
    try {
      facts = this.#read(message, from)
    } catch (error) {
      return this.#unusable(error)
    }
    this.#outcome.completed(this, facts)
  }

  /**
   * Somebody at an address says that we cannot talk. Anybody who sees our call can say it, so the calls go on, with the
   * same version, and only if nobody has answered at the end it is the error of the dial.
   */
  refused(refusal: Refusal, from: Address): void {
    if (!this.#calledAt(from)) return this.#ports.counters.drop('unexpected-refusal')
    this.#refusedAs = refusal.reason === REFUSED_NETWORK ? 'wrong-network' : 'refused'
  }

  /**
   * The answerer is busy and wants to see that we are where we seem to be. Every call is retried once: of several retries
   * the first counts, and a false one costs one round of the schedule, because the next call may be retried again.
   */
  retried(retry: Retry, from: Address): void {
    const attempt = this.#calledAt(from)
    if (!attempt || attempt.wasRetried) return this.#ports.counters.drop('unexpected-retry')
    attempt.wasRetried = true
    attempt.token = retry.token
    const nowMs = this.#ports.clock.nowMs()
    attempt.nextMs = nowMs + pauseAfter(attempt.sent)
    this.#send(attempt, nowMs)
  }

  /** The first bytes of our ephemeral key, which a refusal or a retry repeats. */
  get echo(): Uint8Array {
    return this.#noiseHello.subarray(0, ECHO_BYTES)
  }

  /** The peer is calling us, and its call has precedence: waits for it, and calls anew if it comes to nothing. */
  hold(forMs: number): void {
    this.#state = 'held'
    this.#wasHeld = true
    this.#timer?.cancel()
    this.#timer = this.#ports.clock.after(forMs, () => this.#resume())
  }

  succeed(link: StreamLink): void {
    const attempt = this.#attempts.find(({ address }) => link.address && sameAddress(address, link.address))
    if (attempt) this.#ports.unproven.answered(attempt.address, attempt.chargedBytes)
    this.#finish()
    this.#resolve(link)
  }

  fail(error: BanyanError): void {
    this.#finish()
    this.#reject(error)
  }

  /** Where we have called, and still wait for an answer. */
  #calledAt(from: Address): Attempt | undefined {
    if (this.#state !== 'calling') return undefined
    return this.#attempts.find(({ address, sent }) => sent > 0 && sameAddress(address, from))
  }

  #finish(): void {
    this.#state = 'done'
    this.#timer?.cancel()
    this.#timer = undefined
    this.#outcome.over(this)
  }

  /** A handshake with a key of its own. Tokens are of the key before. */
  #prepare(): void {
    const { crypto, random, identity, network } = this.#ports
    const ephemeral = crypto.agreementKeyPair(random.bytes(32))
    const prologue = prologueOf(network, PROTOCOL_VERSION)
    this.#noise = crypto.noiseInitiator(identity.noiseKey, this.target.noiseKey, prologue, ephemeral)
    const hello = { connectionId: this.connectionId, record: this.#ports.self() }
    this.#noiseHello = this.#noise.write(encodeHello(hello))
    for (const attempt of this.#attempts) attempt.token = NO_TOKEN
  }

  #resume(): void {
    this.#state = 'calling'
    this.#timer = undefined
    this.#prepare()
    const nowMs = this.#ports.clock.nowMs()
    for (const attempt of this.#attempts) Object.assign(attempt, { nextMs: nowMs, sent: 0 })
    this.#work()
  }

  /** Sends what is due, and sets the timer for what is next. */
  #work(): void {
    if (this.#state !== 'calling') return
    this.#timer?.cancel()
    const { clock } = this.#ports
    const nowMs = clock.nowMs() + ROUNDING_MS
    if (nowMs >= this.#giveUpMs || this.#attempts.length === 0) {
      const code = this.#refusedAs ?? 'unreachable'
      return this.fail(new BanyanError(code, 'no address of the peer answered'))
    }
    for (const attempt of this.#attempts) if (attempt.nextMs <= nowMs) this.#call(attempt, nowMs)
    const nextMs = Math.min(this.#giveUpMs, ...this.#attempts.map((attempt) => attempt.nextMs))
    this.#timer = clock.after(nextMs - nowMs, () => this.#work())
  }

  #call(attempt: Attempt, nowMs: number): void {
    attempt.nextMs = nowMs + pauseAfter(attempt.sent + 1)
    if (!this.#send(attempt, nowMs)) return
    attempt.sent++
    attempt.wasRetried = false
  }

  /** False where more has gone to addresses that never answered than may. */
  #send(attempt: Attempt, nowMs: number): boolean {
    if (!this.#ports.unproven.take(attempt.address, CALL_BYTES, attempt.chargedBytes > 0)) {
      this.#ports.counters.drop('unproven-limit')
      return false
    }
    attempt.chargedBytes += CALL_BYTES
    attempt.sentMs = nowMs
    const networkTag = networkTagOf(this.#ports.network)
    const { token, address } = attempt
    const initiation = { version: PROTOCOL_VERSION, networkTag, token, noise: this.#noiseHello }
    this.#ports.send(encodeInitiation(initiation), address)
    return true
  }

  /** Errors: malformed where it does not open, and everything for which a dial fails. */
  #read(message: Bytes, from: Address): SessionFacts {
    const { crypto, network, clock } = this.#ports
    const { target } = this
    const answer = decodeAnswer(this.#noise.read(message), crypto)
    if (answer.status !== 'welcome') throw new BanyanError(answer.status, 'the peer turned us away')
    if (!equal(answer.record.noiseKey, target.noiseKey))
      throw new BanyanError('bad-signature', 'a record for another noise key')
    verifyPeerRecord(answer.record, crypto, network)
    if (target.id !== undefined && answer.record.id !== target.id)
      throw new BanyanError('refused', 'the key belongs to another node than expected')
    const attempt = this.#attempts.find(({ address, sent }) => sent > 0 && sameAddress(address, from))
    const called = attempt ?? this.#attempts.findLast(({ sent }) => sent > 0)!
    return {
      keys: this.#noise.keys(),
      peer: answer.record,
      address: called.address,
      claimed: attempt ? undefined : { address: { host: from.host, port: from.port }, bytes: message.length },
      ownConnectionId: this.connectionId,
      peerConnectionId: answer.connectionId,
      isInitiator: true,
      // A response to a repeated call belongs to either (Karn and Partridge's ambiguity). One to a retried call belongs to
      // the one with the token: the other was answered with the retry.
      rttMs: attempt?.sent === 1 ? clock.nowMs() - attempt.sentMs : undefined,
      observed: answer.observed,
    }
  }

  /**
   * A response that does not open came from someone who sees our packets but has not the key. It has spoilt this
   * handshake's state, so the calls go on with a new one. All other errors are the peer's own, authentic word.
   */
  #unusable(error: unknown): void {
    if (!(error instanceof BanyanError)) throw error
    if (error.code !== 'malformed' && error.code !== 'too-large') return this.fail(error)
    this.#ports.counters.drop('malformed')
    this.#prepare()
  }
}

function pauseAfter(calls: number): number {
  return PAUSES_MS[Math.min(calls, PAUSES_MS.length) - 1]!
}
