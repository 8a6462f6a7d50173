// Following records cannot loop, because a message is handed on along them only with fewer hops than it came with. This
// watches the messages themselves: what a node received and what it sends on, for a share of all requests.

import { Reader } from '../../main/overlay/wire/codec.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { decodeRouted, NO_KEY_HOPS, type RoutedMessage } from '../../main/overlay/wire/routed-message.ts'

type Crossing = Pick<RoutedMessage, 'keyHops' | 'bound' | 'isFollowing' | 'detoursLeft'>

/** A routed message opens with its type and a request id drawn at random (wire/routed-message.ts). */
const REQUEST_ID_AT = 1
/** Of 256 requests, so many are followed at most: reading each message in full costs more than sending it. */
const FOLLOWED_OF_256 = 16
const GENERATION_MS = 60_000

export class FallingHops {
  readonly #nowMs: () => number
  readonly #followedOf256: number
  /** By request and node: what the node received first. */
  #young = new Map<string, Crossing[]>()
  #old = new Map<string, Crossing[]>()
  #turnedMs = 0
  #followed = 0
  #rises = 0

  constructor(nowMs: () => number, share = 1) {
    this.#nowMs = nowMs
    this.#followedOf256 = FOLLOWED_OF_256 * share
  }

  get findings(): { followed: number; rises: number } {
    return { followed: this.#followed, rises: this.#rises }
  }

  /** Sees every message that is sent. */
  sent(from: number, to: number, message: Uint8Array): void {
    if (message[0] !== MESSAGE.routed || message[REQUEST_ID_AT]! >= this.#followedOf256) return
    this.#turn()
    const { requestId, ...crossing } = decodeRouted(new Reader(message.subarray(1)))
    const { keyHops, isFollowing } = crossing
    const received = this.#young.get(`${requestId} ${from}`) ?? this.#old.get(`${requestId} ${from}`)
    if (isFollowing || keyHops < NO_KEY_HOPS) this.#followed++
    if (received && !received.some((each) => falls(each, crossing))) this.#rises++
    const place = `${requestId} ${to}`
    this.#young.set(place, [...(this.#young.get(place) ?? this.#old.get(place) ?? []), crossing])
  }

  #turn(): void {
    if (this.#nowMs() - this.#turnedMs < GENERATION_MS) return
    this.#turnedMs = this.#nowMs()
    this.#old = this.#young
    this.#young = new Map()
  }
}

/** Whether a node that received the one may send the other. */
function falls(received: Crossing, sent: Crossing): boolean {
  // Past a break the hops to the key begin anew, at the price of a detour.
  if (sent.keyHops > received.keyHops) return sent.detoursLeft < received.detoursLeft
  const isSameTarget = sent.bound !== undefined && sent.bound.target === received.bound?.target
  if (!isSameTarget) return true
  return sent.isFollowing ? sent.bound!.hops < received.bound!.hops : sent.bound!.hops <= received.bound!.hops
}
