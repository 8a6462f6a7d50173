// Where a session sends, and whether the peer has shown that it is there (RFC 9000 §8.2 and §9).
//
//   validated --newest packet from elsewhere--> unvalidated --response to a challenge--> validated (there)
//       ^                                            |
//       '----- deadline passed, or newest packet from where it was -----'
//
// A packet is authentic, its sender's address is not: whoever sees it on its way can send it again from another address, and
// faster. So the new path is followed at once, or a peer that really moved would wait, but it gets three times
// what came from there at most, until 8 random bytes have come back. The path before is challenged, too: a peer that
// never moved answers there, and its answer, being newer, brings the session back one round trip later.
//
// Besides, other addresses of the peer may be tried (path-trials.ts). Where one of them answers, the end that called moves
// there of its own accord, and where that path falls silent again, back to the one it has left.

import { type Bytes, equal } from '../base/bytes.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { PATH_DATA_BYTES } from '../wire/packet-frames.ts'
import { SEALED_OVERHEAD_BYTES } from '../wire/packet.ts'
import { type Counters, type DropReason } from './counters.ts'
import { PathTrials } from './path-trials.ts'
import { type PathPorts, type SendingPath, newPath } from './sending-path.ts'
import { HEADER_BYTES } from './unproven-budget.ts'

/** RFC 9000 §8.1. */
const AMPLIFICATION = 3
/** RFC 9000 §8.2.4: three probe timeouts. */
const DEADLINE_TIMEOUTS = 3
/** Chosen: of a path of which nothing is known, so much that a satellite's round trip has time. Half of a session's silence. */
const LEAST_DEADLINE_MS = 1_500
/** Chosen: challenges within the deadline, as far as the limit lets them go; on a path that loses 30 % one in 30 fails. */
const CHALLENGES = 5

/** The whole datagram. */
const CHALLENGE_BYTES = SEALED_OVERHEAD_BYTES + 1 + PATH_DATA_BYTES

interface Path {
  address: Address
  sending: SendingPath
}

/** What is kept while the active path is not validated. */
interface Doubt {
  /** The last path that was. */
  proven: Path
  /** From the active path, and to it. */
  receivedBytes: number
  sentBytes: number
  challenges: Bytes[]
  nextMs: number
  intervalMs: number
  deadlineMs: number
}

export class PathValidation {
  readonly #ports: PathPorts
  readonly #counters: Counters
  #active: Path
  #doubt: Doubt | undefined // validated where there is none
  #trials: PathTrials | undefined // seldom any
  #mayMove = false
  #hasMoved = false
  #trialBytes = 0
  /** Left for a better one that was tried. */
  #left: Path | undefined

  /** `address` is where the peer was during the handshake. */
  constructor(address: Address, ports: PathPorts, counters: Counters) {
    this.#ports = ports
    this.#counters = counters
    this.#active = { address, sending: newPath(address, ports) }
  }

  get #counts(): Counters['paths'] {
    return this.#counters.paths
  }

  get address(): Address {
    return this.#active.address
  }

  get sending(): SendingPath {
    return this.#active.sending
  }

  /** Where the peer was before, while it is not certain that it has left. */
  get provenAddress(): Address | undefined {
    return this.#doubt?.proven.address
  }

  /** When to challenge again, or to give the path up; Infinity where it is validated. */
  get dueMs(): number {
    const doubtMs = this.#doubt ? Math.min(this.#doubt.nextMs, this.#doubt.deadlineMs) : Infinity
    return Math.min(doubtMs, this.#trials?.dueMs ?? Infinity)
  }

  /** Challenges other addresses of the peer; `mayMove` to the first that answers. */
  try(addresses: readonly Address[], mayMove: boolean, nowMs: number): void {
    if (!this.#trials || this.#trials.isOver(nowMs)) this.#trials = new PathTrials(this.#ports.random)
    this.#mayMove = mayMove
    for (const address of addresses) if (!sameAddress(address, this.address)) this.#trials.add(address, nowMs)
  }

  /** The peer tries us from there, which may be an address that it does not know itself: then we try it, too. */
  tried(from: Address, nowMs: number): void {
    this.#counts.answered++
    if (this.#trials && !this.#trials.isOver(nowMs) && !sameAddress(from, this.address))
      this.#trials.add(from, nowMs)
  }

  /** Several probes in a row were not answered: the path that was left for this one may still be there. */
  retreat(nowMs: number): void {
    if (this.#left) this.try([this.#left.address], true, nowMs)
  }

  /** Asked at every packet, so it is asked apart. */
  isTrialDue(nowMs: number): boolean {
    return this.#trials !== undefined && this.#trials.dueMs <= nowMs
  }

  /** Challenges that are due, and where to. A peer that names false addresses gets us to send there what it sent us, three times. */
  *takeTrials(receivedBytes: number, nowMs: number): Generator<{ to: Address; data: Bytes }> {
    for (let trial = this.#trials?.take(nowMs); trial; trial = this.#trials?.take(nowMs)) {
      const heldBy = this.#trialHeldBy(trial.to, receivedBytes)
      if (heldBy) {
        this.#counters.drop(heldBy)
        continue
      }
      this.#trialBytes += CHALLENGE_BYTES
      yield trial
    }
  }

  #trialHeldBy(to: Address, receivedBytes: number): DropReason | undefined {
    if (this.#trialBytes + CHALLENGE_BYTES > AMPLIFICATION * receivedBytes) return 'trial-limit'
    const isWithin = this.#ports.unproven.take(to, CHALLENGE_BYTES + HEADER_BYTES)
    return isWithin ? undefined : 'unproven-limit'
  }

  /** Whether the session has just moved of its own accord; said once. */
  takeMove(): boolean {
    const hasMoved = this.#hasMoved
    this.#hasMoved = false
    return hasMoved
  }

  /** What was known of the path is old; where the peer is, is not. */
  forget(): void {
    this.#active = { ...this.#active, sending: newPath(this.address, this.#ports) }
  }

  maySend(bytes: number): boolean {
    const doubt = this.#doubt
    return !doubt || doubt.sentBytes + bytes <= AMPLIFICATION * doubt.receivedBytes
  }

  sent(bytes: number): void {
    if (this.#doubt) this.#doubt.sentBytes += bytes
  }

  /** An authentic packet has come from there. */
  received(from: Address, bytes: number): void {
    if (this.#doubt && sameAddress(from, this.address)) this.#doubt.receivedBytes += bytes
  }

  /** So many authentic bytes have come from another address during the handshake. */
  claimed(address: Address, bytes: number, nowMs: number): void {
    this.move(address, nowMs)
    this.received(address, bytes)
  }

  /** The newest packet has come from another address. */
  move(to: Address, nowMs: number): void {
    this.#counts.moved++
    const proven = this.#doubt?.proven ?? this.#active
    if (sameAddress(to, proven.address)) {
      this.#counts.returned++
      return this.#settle(proven)
    }
    if (this.#trials?.isProven(to) && !this.#trials.isOver(nowMs)) return this.#adopt(to)
    const { probeTimeoutMs } = this.sending.rtt
    const known = [this.#active, proven].find(({ address }) => address.host === to.host)
    const sending = known?.sending ?? newPath(to, this.#ports)
    const forMs = Math.max(DEADLINE_TIMEOUTS * probeTimeoutMs, LEAST_DEADLINE_MS)
    this.#active = { address: { host: to.host, port: to.port }, sending }
    this.#doubt = {
      proven,
      receivedBytes: 0,
      sentBytes: 0,
      challenges: [],
      nextMs: nowMs,
      intervalMs: forMs / CHALLENGES,
      deadlineMs: nowMs + forMs,
    }
  }

  /** What a challenge to the active path shall say, where one is due; it is then no longer. */
  takeChallenge(nowMs: number): Bytes | undefined {
    const doubt = this.#doubt
    if (!doubt || nowMs < doubt.nextMs) return undefined
    doubt.nextMs = nowMs + doubt.intervalMs
    if (!this.maySend(CHALLENGE_BYTES)) return undefined
    const data = this.#ports.random.bytes(PATH_DATA_BYTES)
    this.#counts.challenged++
    doubt.challenges.push(data)
    return data
  }

  /** The peer has read a challenge, wherever its answer came from (RFC 9000 §8.2.3). False for one never sent. */
  answered(data: Uint8Array): boolean {
    if (this.#doubt?.challenges.some((challenge) => equal(challenge, data))) {
      this.#counts.validated++
      if (this.#trials) this.#left ??= this.#doubt.proven // it may have moved after its own trials
      this.#settle(this.#active)
      return true
    }
    const found = this.#trials?.answered(data)
    if (found && this.#mayMove && !sameAddress(found, this.address)) {
      this.#adopt(found)
      this.#mayMove = false // the first is as good as the fastest
      this.#hasMoved = true
    }
    return found !== undefined
  }

  /** The deadline has passed: back to where the peer was last proven to be. Returns false where it has not. */
  giveUp(nowMs: number): boolean {
    if (!this.#doubt || nowMs < this.#doubt.deadlineMs) return false
    this.#counts.failed++
    this.#settle(this.#doubt.proven)
    return true
  }

  /** To an address that has answered already. */
  #adopt(address: Address): void {
    this.#counts.adopted++
    const proven = this.#doubt?.proven ?? this.#active
    const isReturn = this.#left !== undefined && sameAddress(this.#left.address, address)
    const sending = isReturn ? this.#left!.sending : newPath(address, this.#ports)
    this.#left = isReturn ? undefined : proven
    this.#settle({ address: { host: address.host, port: address.port }, sending })
  }

  #settle(on: Path): void {
    this.#active = on
    this.#doubt = undefined
  }
}
