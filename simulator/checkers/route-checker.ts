// Watches every routed message of a network. None may cross the same link in the same direction twice: where the way
// itself came back to that link it is a loop, where a second copy (made when a hop seemed silent) came over another way
// it is a repeat, which costs traffic and nothing more. Which of the two is told by the messages' hop counts: the crossing that led
// to one of h hops had h - 1. And none may be handed over twice at its end. Remembers messages for at least a minute, in two
// generations that take turns, so it needs no timer and no order.

import { MESSAGE } from '../../main/overlay/wire/message-types.ts'

/** A routed message opens with its type, its request id, key, application and flags (wire/routed-message.ts). */
const REQUEST_ID_AT = 1
const REQUEST_ID_END = 9
const HOPS_AT = 43
const GENERATION_MS = 60_000
const MAX_KEPT = 20

export interface RouteFindings {
  followed: number
  loops: number
  repeats: number
  /** Handed over more than once by one node. */
  deliveredTwice: number
  /** Copies that ended at two nodes, which do not agree on the root. */
  deliveredApart: number
  examples: string[]
}

interface Crossing {
  from: number
  to: number
  /** Crossings before it. */
  hops: number
}

interface Followed {
  crossings: Crossing[]
  deliveredAt: number[]
}

export class RouteChecker {
  readonly #share: number
  readonly #nowMs: () => number
  #young = new Map<string, Followed>()
  #old = new Map<string, Followed>()
  #turnedMs = 0
  #followed = 0
  #loops = 0
  #repeats = 0
  #twice = 0
  #apart = 0
  readonly #examples: string[] = []

  constructor(nowMs: () => number, share = 1) {
    this.#nowMs = nowMs
    this.#share = share
  }

  get findings(): RouteFindings {
    return {
      followed: this.#followed,
      loops: this.#loops,
      repeats: this.#repeats,
      deliveredTwice: this.#twice,
      deliveredApart: this.#apart,
      examples: this.#examples,
    }
  }

  /** Sees every message that is sent. */
  sent(from: number, to: number, message: Uint8Array): void {
    if (message[0] !== MESSAGE.routed || message.length <= HOPS_AT) return
    if (message[REQUEST_ID_AT]! >= 256 * this.#share) return
    const { crossings } = this.#follow(requestIdOf(message))
    const crossing = { from, to, hops: message[HOPS_AT]! }
    const isRepeated = crossings.some((each) => isSameLink(each, crossing))
    const isLoop = isRepeated && ledThrough(crossings, crossing)
    crossings.push(crossing)
    if (!isRepeated) return
    if (!isLoop) return void this.#repeats++
    this.#loops++
    this.#tell(`${requestIdOf(message)} came back to the link from ${from} to ${to}`)
  }

  delivered(requestId: string, host: number): void {
    const followed = this.#young.get(requestId) ?? this.#old.get(requestId)
    if (!followed) return
    const isTwice = followed.deliveredAt.includes(host)
    followed.deliveredAt.push(host)
    if (followed.deliveredAt.length < 2) return
    if (isTwice) this.#twice++
    else this.#apart++
    this.#tell(`${requestId} was delivered at ${followed.deliveredAt.join(' and ')}`)
  }

  #follow(requestId: string): Followed {
    this.#turn()
    const known = this.#young.get(requestId) ?? this.#old.get(requestId)
    if (known) return known
    const followed: Followed = { crossings: [], deliveredAt: [] }
    this.#young.set(requestId, followed)
    this.#followed++
    return followed
  }

  #turn(): void {
    if (this.#nowMs() - this.#turnedMs < GENERATION_MS) return
    this.#turnedMs = this.#nowMs()
    this.#old = this.#young
    this.#young = new Map()
  }

  #tell(example: string): void {
    if (this.#examples.length < MAX_KEPT) this.#examples.push(example)
  }
}

function isSameLink(a: Crossing, b: Crossing): boolean {
  return a.from === b.from && a.to === b.to
}

/** Whether a way on which the message can have come to this crossing has been over the same link. */
function ledThrough(crossings: readonly Crossing[], last: Crossing): boolean {
  let ends = new Set([last.from])
  for (let hops = last.hops - 1; hops >= 0 && ends.size > 0; hops--) {
    const before = crossings.filter((each) => each.hops === hops && ends.has(each.to))
    if (before.some((each) => isSameLink(each, last))) return true
    ends = new Set(before.map(({ from }) => from))
  }
  return false
}

function requestIdOf(message: Uint8Array): string {
  let text = ''
  for (let i = REQUEST_ID_AT; i < REQUEST_ID_END; i++) text += message[i]!.toString(16).padStart(2, '0')
  return text
}
