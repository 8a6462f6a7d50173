// Hole punching with a peer that there is no session with yet: both ends knock at all addresses the other may have, at the same
// time and a few times over. A knock that leaves opens our NAT for what comes from there; one that arrives shows an address
// that works, also one that nobody knew, because the peer's NAT made it for us. The end that called then dials it.
//
// Knocks are small because anybody can ask for them: what goes to addresses that a stranger names is three times what he sent, at most.

import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { KNOCK_BYTES, type Knocks } from '../ports/knocks.ts'

/**
 * Chosen: between one knock and the next at an address. The two ends begin half a round trip apart, which is seldom more than
 * 250 ms, and a lost packet must not decide.
 */
const PAUSES_MS = [100, 150, 250, 500]
/** Until then an answer may come; a dial takes no longer either. */
const LISTEN_MS = 5_000
/** Attempts at one time; a node's neighbours after a change of networks. */
const MAX_ATTEMPTS = 64
const MAX_ADDRESSES = 32

interface Attempt {
  readonly addresses: Address[]
  readonly heard: Address[]
  readonly onHeard: (from: Address) => void
  knocksLeft: number
  timer: Timer | undefined
  /** No more knocks are told of. */
  readonly stopListening: () => void
}

export class Punching {
  readonly #around: Surroundings
  readonly #knocks: Knocks
  readonly #attempts = new Map<string, Attempt>() // by nonce

  constructor(around: Surroundings, knocks: Knocks) {
    this.#around = around
    this.#knocks = knocks
  }

  get size(): number {
    return this.#attempts.size
  }

  /**
   * Waits for the peer's knocks under the nonce; `onHeard` of each address the first time. `mostBytes` bounds what we send.
   * Nothing comes of it where too many are under way.
   */
  begin(nonce: string, mostBytes: number, onHeard: (from: Address) => void): void {
    if (this.#attempts.has(nonce)) return
    if (this.#attempts.size >= MAX_ATTEMPTS) return this.#around.drops.count('punching: too many at once')
    const knocksLeft = Math.floor(mostBytes / KNOCK_BYTES)
    const stopListening = this.#knocks.onKnock(nonce, (from) => this.#onKnock(nonce, from))
    this.#attempts.set(nonce, {
      addresses: [],
      heard: [],
      onHeard,
      knocksLeft,
      timer: undefined,
      stopListening,
    })
    this.#around.timers.after(LISTEN_MS, () => this.end(nonce))
  }

  /** Knocks at these, now and a few times more. */
  at(nonce: string, addresses: readonly Address[]): void {
    const attempt = this.#attempts.get(nonce)
    if (!attempt) return
    const isNew = (address: Address): boolean =>
      !attempt.addresses.some((known) => sameAddress(known, address))
    const added = addresses.filter(isNew).slice(0, MAX_ADDRESSES - attempt.addresses.length)
    attempt.addresses.push(...added)
    this.#round(nonce, attempt, added, 0)
  }

  end(nonce: string): void {
    const attempt = this.#attempts.get(nonce)
    attempt?.timer?.cancel()
    attempt?.stopListening()
    this.#attempts.delete(nonce)
  }

  #round(nonce: string, attempt: Attempt, addresses: readonly Address[], round: number): void {
    if (addresses.length === 0 || this.#attempts.get(nonce) !== attempt) return
    for (const address of addresses) {
      if (attempt.knocksLeft-- <= 0)
        return this.#around.drops.count('punching: more addresses than the call allows')
      this.#knocks.knock(nonce, address)
    }
    const pauseMs = PAUSES_MS[round]
    if (pauseMs === undefined) return
    attempt.timer = this.#around.timers.after(pauseMs, () =>
      this.#round(nonce, attempt, addresses, round + 1),
    )
  }

  #onKnock(nonce: string, from: Address): void {
    const attempt = this.#attempts.get(nonce)
    if (!attempt || attempt.heard.length >= MAX_ADDRESSES) return
    if (attempt.heard.some((known) => sameAddress(known, from))) return
    const address = { host: from.host, port: from.port }
    attempt.heard.push(address)
    this.at(nonce, [address]) // where it was not among those named, our NAT is not open for it yet
    attempt.onHeard(address)
  }
}
