// Other ways to a peer, tried while the session goes on over the one it has: hole punching within the session, as ICE's
// connectivity checks (RFC 8445 §7), by the challenges that path validation has anyway. Both ends try at the same time, so
// that each opens its own NAT for the other's packets; the end that called moves the session to the first way that answered
// (RFC 8445 §7.2.5.3.4), and the other follows its packets.
//
//   trying --answer to a challenge--> over, with that way
//      \--the last round was in vain--> over

import { type Bytes, equal } from '../base/bytes.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { PATH_DATA_BYTES } from '../wire/packet-frames.ts'

/** Chosen: ten addresses of a peer, and 22 ports that its NAT may give it. */
export const MAX_TRIALS = 32
/**
 * Chosen: after each challenge so long until the next to the same address. The ends begin half a round trip apart, so an early
 * one may find the other NAT still shut; two seconds are enough for any path.
 */
const PAUSES_MS = [50, 50, 100, 200, 400, 800]

interface Trial {
  readonly to: Address
  readonly challenges: Bytes[]
  nextMs: number
}

export class PathTrials {
  readonly #random: Random
  readonly #trials: Trial[] = []
  /** Where the peer has answered. */
  readonly #proven: Address[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Until nothing more is to be sent, and for as long again as an answer may take. */
  isOver(nowMs: number): boolean {
    return this.#trials.every(({ nextMs, challenges }) => isLast(challenges) && nowMs >= nextMs)
  }

  /** When the next challenge is due; Infinity where there is none. */
  get dueMs(): number {
    let dueMs = Infinity
    for (const { nextMs, challenges } of this.#trials)
      if (!isLast(challenges)) dueMs = Math.min(dueMs, nextMs)
    return dueMs
  }

  /** One more address, from now on; those past MAX_TRIALS are left out. */
  add(to: Address, nowMs: number): void {
    if (this.#trials.length >= MAX_TRIALS || this.#trials.some((trial) => sameAddress(trial.to, to))) return
    this.#trials.push({ to: { host: to.host, port: to.port }, challenges: [], nextMs: nowMs })
  }

  /** A challenge that is due, and where it goes. */
  take(nowMs: number): { to: Address; data: Bytes } | undefined {
    const trial = this.#trials.find(({ nextMs, challenges }) => !isLast(challenges) && nowMs >= nextMs)
    if (!trial) return undefined
    const data = this.#random.bytes(PATH_DATA_BYTES)
    trial.nextMs = nowMs + PAUSES_MS[trial.challenges.length]!
    trial.challenges.push(data)
    return { to: trial.to, data }
  }

  /** The address where the peer has read a challenge; undefined for one never sent. */
  answered(data: Uint8Array): Address | undefined {
    const trial = this.#trials.find(({ challenges }) =>
      challenges.some((challenge) => equal(challenge, data)),
    )
    if (trial && !this.isProven(trial.to)) this.#proven.push(trial.to)
    return trial?.to
  }

  isProven(address: Address): boolean {
    return this.#proven.some((proven) => sameAddress(proven, address))
  }
}

function isLast(challenges: readonly Bytes[]): boolean {
  return challenges.length >= PAUSES_MS.length
}
