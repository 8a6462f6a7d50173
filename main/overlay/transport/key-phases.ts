// The keys of a session, changed from time to time (RFC 9001 §6), so that a key seals a bounded number of packets, and one
// that leaks opens no packet sent before it.
//
//   phase n --we have sent enough, and phase n is acknowledged--> phase n + 1
//           --a packet opens with the next key------------------> phase n + 1
//
// Both directions change together: who sees the other's new phase seals in it from then on. A bit in the header tells the
// parity of the phase. It can be wrong only in a forged packet, which costs one vain attempt to open, as any does; the next
// key is made once, and kept. The keys of the phase before are kept for a while, for packets that were overtaken.

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Crypto, type SessionKeys } from '../ports/crypto.ts'

/**
 * Chosen. RFC 9001 §6.6 sets no limit for ChaCha20-Poly1305 that could be reached; 2^20 packets are what its limit for
 * AES-GCM is divided by 8, and 1.2 GB of small packets. It bounds what one key opens, and costs one hash.
 */
const PACKETS_PER_KEY = 2 ** 20
/**
 * Past so many times as many the key is worn out: at 2^23, RFC 9001 §6.6's limit for AES-GCM. Keys change after an eighth of it unless
 * the peer never says that it has followed.
 */
const WORN_OUT_FACTOR = 8
/** Chosen: keys that change sooner than they need to may go on for longer, on a path that is silent for seconds. */
const MIN_WORN_OUT_PACKETS = 8_192
/** RFC 9001 §6.6: so many packets that did not open, and a forger may have come close. */
export const FORGERY_LIMIT = 2 ** 36

/** HKDF-Expand (RFC 5869 §2.3) with HMAC-SHA-512 to 32 bytes: one block, whose number is 1. */
const NEXT_KEY_INFO: Bytes = concat(utf8('banyan next key'), Uint8Array.of(1))

/** The key that follows another, from which nobody finds the other (compare Noise §11.3, rekey). */
export function nextKey(crypto: Crypto, key: Uint8Array): Bytes {
  return crypto.authenticate(NEXT_KEY_INFO, key)
}

export class KeyPhases {
  readonly #crypto: Crypto
  readonly #packetsPerKey: number
  #phase = 0
  #send: Bytes
  #receive: Bytes
  #nextReceive: Bytes | undefined // made at the first need
  #oldReceive: { key: Bytes; untilMs: number } | undefined // Infinity until the peer has followed
  #sent = 0 // with the present key
  #firstSent = 0 // the number of the first packet of this phase
  #firstReceived = Infinity // the lowest number received in this phase
  #isAcked = false // a packet of this phase
  #isFromBefore = false // the packet opened last, of the phase before
  #isErased = false

  /** Takes the keys over, and erases them when their time has passed. */
  constructor(crypto: Crypto, { send, receive }: SessionKeys, packetsPerKey = PACKETS_PER_KEY) {
    this.#crypto = crypto
    this.#packetsPerKey = packetsPerKey
    this.#send = send
    this.#receive = receive
  }

  /** Counted from 0; the header tells whether it is odd. */
  get phase(): number {
    return this.#phase
  }

  /** More was sealed with one key than may be: the session has to end. */
  get isWornOut(): boolean {
    return this.#sent >= Math.max(WORN_OUT_FACTOR * this.#packetsPerKey, MIN_WORN_OUT_PACKETS)
  }

  /** The key for the packet of this number, which will be sealed; perhaps the first of a new phase. Errors: closed, once erased. */
  sendKey(number: number, nowMs: number): Bytes {
    if (this.#isErased) throw new BanyanError('closed', 'the keys are gone')
    if (this.#sent >= this.#packetsPerKey && this.#mayUpdate(nowMs)) this.#advance()
    if (this.#sent++ === 0) this.#firstSent = number
    return this.#send
  }

  /**
   * An ack has named this packet, and perhaps lower ones, in the packet opened last. Errors: malformed, for a peer that has seen our new
   * phase and goes on in the one before (RFC 9001 §6.2): its keys would never go.
   */
  acked(number: number): void {
    if (this.#sent === 0 || number < this.#firstSent) return
    if (this.#isFromBefore) throw new BanyanError('malformed', 'new keys acknowledged under old ones')
    this.#isAcked = true
  }

  /** What a packet of this number and parity is to be opened with; undefined where that key is gone. */
  receiveKey(isOdd: boolean, number: number, nowMs: number): Bytes | undefined {
    this.#forgetOld(nowMs)
    if (this.#isPresent(isOdd)) return this.#receive
    if (this.#isPast(number)) return this.#oldReceive?.key
    return (this.#nextReceive ??= nextKey(this.#crypto, this.#receive))
  }

  /**
   * It did open. `keepOldMs` is for how long overtaken packets of the phase before are waited for (three probe timeouts, RFC
   * 9001 §6.5).
   */
  opened(isOdd: boolean, number: number, nowMs: number, keepOldMs: number): void {
    this.#isFromBefore = !this.#isPresent(isOdd) && this.#isPast(number)
    if (this.#isFromBefore) return
    if (!this.#isPresent(isOdd)) this.#advance()
    if (this.#firstReceived === Infinity && this.#oldReceive) this.#oldReceive.untilMs = nowMs + keepOldMs
    this.#firstReceived = Math.min(this.#firstReceived, number)
  }

  /** The session has ended. */
  erase(): void {
    this.#isErased = true
    for (const key of [this.#send, this.#receive, this.#nextReceive, this.#oldReceive?.key]) key?.fill(0)
  }

  #isPresent(isOdd: boolean): boolean {
    return isOdd === (this.#phase % 2 === 1)
  }

  /** Of two phases with the other parity: below all of this one, or before the peer has followed us, it is the one before. */
  #isPast(number: number): boolean {
    return this.#phase > 0 && number < this.#firstReceived
  }

  /** RFC 9001 §6.1 and §6.5: not before this phase has been acknowledged, nor while packets of the one before may come. */
  #mayUpdate(nowMs: number): boolean {
    this.#forgetOld(nowMs)
    return this.#isAcked && this.#oldReceive === undefined
  }

  #advance(): void {
    this.#phase++
    this.#oldReceive?.key.fill(0)
    this.#oldReceive = { key: this.#receive, untilMs: Infinity }
    this.#receive = this.#nextReceive ?? nextKey(this.#crypto, this.#receive)
    this.#nextReceive = undefined
    const spent = this.#send
    this.#send = nextKey(this.#crypto, spent)
    spent.fill(0)
    this.#sent = 0
    this.#firstReceived = Infinity
    this.#isAcked = false
  }

  #forgetOld(nowMs: number): void {
    if (!this.#oldReceive || nowMs < this.#oldReceive.untilMs) return
    this.#oldReceive.key.fill(0)
    this.#oldReceive = undefined
  }
}
