// The stateless retry token (RFC 9000 §8.1.2; WireGuard calls it a cookie): it shows that a caller receives what is sent to
// its address.
//
//   token 32   HMAC-SHA-512-256 of (address 7 or 19 | ephemeral key 32) under the secret of a period of 10 s
//
// Nothing is kept for a token but the secrets, of which there are two. The address makes it useless elsewhere, the ephemeral
// key useless for another dial. The period needs no place in it, being the secret's own: a token holds until the period
// after the one it was made in ends, which is 10 to 20 s. What it proves is an address, no right to be answered: the
// limits for proven addresses follow (admission.ts).

import { type Bytes, concat } from '../base/bytes.ts'
import { type Clock } from '../ports/clock.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { Writer } from '../wire/codec.ts'
import { writeAddress } from '../wire/peer-record.ts'

/** Chosen: longer than a dial (5 s), so that a token outlives the dial it was made for, and not by much. */
export const TOKEN_PERIOD_MS = 10_000
const SECRET_BYTES = 32

interface Secret {
  readonly period: number
  readonly key: Bytes
}

export class RetryTokens {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #random: Random
  readonly #crypto: Crypto
  /** The newest; made when the first token of its period is. */
  #current: Secret | undefined
  #previous: Secret | undefined

  /** Two makers of tokens share no secret: what one made means nothing to the other. */
  constructor(ports: { clock: Clock; random: Random; crypto: Crypto }, periodMs = TOKEN_PERIOD_MS) {
    this.#periodMs = periodMs
    this.#clock = ports.clock
    this.#random = ports.random
    this.#crypto = ports.crypto
  }

  /** Errors: malformed, where the address is no numeric one. */
  issue(address: Address, ephemeralKey: Uint8Array): Bytes {
    const period = this.#period()
    if (this.#current?.period !== period) {
      this.#previous = this.#current
      this.#current = { period, key: this.#random.bytes(SECRET_BYTES) }
    }
    return this.#crypto.authenticate(claimOf(address, ephemeralKey), this.#current!.key)
  }

  /** Whether we made the token for this caller and this dial, not long ago. Costs at most two hashes. */
  isValid(token: Uint8Array, address: Address, ephemeralKey: Uint8Array): boolean {
    const oldest = this.#period() - 1
    const claim = claimOf(address, ephemeralKey)
    return [this.#current, this.#previous].some(
      (secret) =>
        secret !== undefined && secret.period >= oldest && this.#crypto.isAuthentic(token, claim, secret.key),
    )
  }

  #period(): number {
    return Math.floor(this.#clock.nowMs() / this.#periodMs)
  }
}

function claimOf(address: Address, ephemeralKey: Uint8Array): Bytes {
  const writer = new Writer(64)
  writeAddress(writer, address)
  return concat(writer.finish(), ephemeralKey)
}
