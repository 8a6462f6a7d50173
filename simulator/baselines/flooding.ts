// Plain flooding: whoever hears a message for the first time passes it to everybody else he is linked with. Nothing is
// learnt and nothing kept but the ids of messages seen; it finds every way there is, at the price of them all. The answer
// returns along the way of the first copy, so it is not flooded as well.

import { type Baseline, type Request, type Upkeep } from './baseline.ts'
import { type Carrier } from './carrier.ts'
import { keepAliveUpkeep, type LinkWishes, meanDegree, randomLinks } from './link-choice.ts'

/** IP's customary time to live; Gnutella's 7 would do on a random graph, and not on a grid. */
const TTL = 64
const FLOODED = 210
const ANSWER = 211
/** Type, time to live, message id, target, source. */
const FLOODED_BYTES = 1 + 1 + 8 + 32 + 32
const ANSWER_BYTES = 1 + 8 + 32
/** How long a message id is remembered. */
const SEEN_MS = 10_000

interface Flood {
  request: Request
  /** Who passed it to whom first; the sender itself has -1. */
  previous: Map<number, number>
}

export class Flooding implements Baseline {
  readonly name = 'flooding'
  readonly label = 'flooding'
  readonly describe: string
  readonly carrier: Carrier
  readonly upkeepTypes = []
  readonly #links: number[][]
  #remembered = 0
  #mostRemembered = 0

  constructor(carrier: Carrier, wishes: LinkWishes) {
    this.carrier = carrier
    this.#links = randomLinks(wishes)
    this.describe = `TTL ${TTL}, duplicates suppressed by message id, answer along the reverse path, ${meanDegree(this.#links).toFixed(1)} random links a node`
  }

  settle(): Promise<void> {
    return Promise.resolve()
  }

  send(request: Request): void {
    const flood = { request, previous: new Map([[request.from, -1]]) }
    this.#mostRemembered = Math.max(this.#mostRemembered, ++this.#remembered)
    this.carrier.after(SEEN_MS, () => this.#remembered--)
    this.#pass(flood, request.from, 0)
  }

  upkeep(): Upkeep {
    return keepAliveUpkeep(this.carrier.terrain, this.#links)
  }

  /** Links, and the message ids of the busiest moment. */
  entries(): number[] {
    return this.#links.map((peers) => peers.length + this.#mostRemembered)
  }

  #pass(flood: Flood, at: number, hops: number): void {
    if (hops >= TTL) return
    const from = flood.previous.get(at)!
    const others = this.#links[at]!.filter((peer) => peer !== from)
    this.carrier.toAll(at, others, FLOODED, FLOODED_BYTES, (to) => this.#hear(flood, at, to, hops + 1))
  }

  #hear(flood: Flood, from: number, at: number, hops: number): void {
    if (flood.previous.has(at)) return
    flood.previous.set(at, from)
    if (at === flood.request.to) this.#answer(flood, at, hops)
    else this.#pass(flood, at, hops)
  }

  #answer(flood: Flood, at: number, hops: number): void {
    const back = flood.previous.get(at)!
    if (back < 0) return flood.request.arrived(hops)
    this.carrier.overSession(at, back, ANSWER, ANSWER_BYTES, () => this.#answer(flood, back, hops))
  }
}
