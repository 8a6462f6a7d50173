// R5N (Evans and Grothoff, "R5N: Randomized Recursive Routing for Restricted-Route Networks", 2011; parameters as in
// draft-schanzen-r5n and GNUnet): a request first walks at random for log2 n hops, which frees it from the corner of the
// network that its sender knows, and then always to the neighbour nearest to the key by XOR that it has not visited, past
// local minima, until it has made 4 log2 n hops. On the way it splits, with a probability that falls with the hops, into
// about `replication` copies. Here the key is the target's own id, and the request has succeeded when a copy gets there;
// the answer returns along the copy's way. Kinder than the original: the list of visited nodes is exact where it has a
// Bloom filter of 128 bytes, the network's size is known exactly, and who has the target as a neighbour hands it
// over at once, even while walking at random.

import { type Baseline, type Request, type Upkeep } from './baseline.ts'
import { type Carrier } from './carrier.ts'
import { bucketLinks, keepAliveUpkeep, type LinkWishes, meanDegree } from './link-choice.ts'
import { shortIds, xorDistance } from './xor-metric.ts'

/** GNUnet's programs ask for 5 unless told otherwise; 16 is the most that a node lets through. */
export const REPLICATION = 5
const ENDED_AT = 4
const SINGLE_AT = 2
const GET = 212
const RESULT = 213
/** Header with options, hop count and replication 24, key 64, Bloom filter 128. */
const GET_BYTES = 24 + 64 + 128
const RESULT_BYTES = 24 + 64

interface Copy {
  request: Request
  path: readonly number[]
  /** Of this copy's own way and of the places its splits went to. */
  visited: Set<number>
}

export class R5n implements Baseline {
  readonly name = 'r5n'
  readonly label = 'R5N'
  readonly describe: string
  readonly carrier: Carrier
  readonly upkeepTypes = []
  readonly #ids: Uint32Array
  readonly #links: number[][]
  readonly #linked: Set<number>[]
  readonly #logNodes: number

  constructor(carrier: Carrier, wishes: LinkWishes) {
    this.carrier = carrier
    this.#ids = shortIds(wishes.nodes, wishes.random)
    this.#links = bucketLinks(wishes, this.#ids)
    this.#linked = this.#links.map((peers) => new Set(peers))
    this.#logNodes = Math.log2(wishes.nodes)
    this.describe = `random for log2 n = ${this.#logNodes.toFixed(1)} hops, then XOR-greedy up to ${ENDED_AT} log2 n hops, replication ${REPLICATION}, ${meanDegree(this.#links).toFixed(1)} links a node spread over its k-buckets`
  }

  settle(): Promise<void> {
    return Promise.resolve()
  }

  send(request: Request): void {
    this.#forward({ request, path: [request.from], visited: new Set([request.from]) })
  }

  upkeep(): Upkeep {
    return keepAliveUpkeep(this.carrier.terrain, this.#links)
  }

  entries(): number[] {
    return this.#links.map((peers) => peers.length)
  }

  #forward(copy: Copy): void {
    const at = copy.path.at(-1)!
    const { to } = copy.request
    const targets = this.#linked[at]!.has(to) ? [to] : this.#choose(copy, at)
    for (const next of targets) copy.visited.add(next)
    for (const next of targets)
      this.carrier.overSession(at, next, GET, GET_BYTES, () => this.#receive(copy, next))
  }

  #receive(copy: Copy, at: number): void {
    const own = { ...copy, path: [...copy.path, at], visited: new Set(copy.visited) }
    if (at === copy.request.to) this.#answer(own, own.path.length - 1)
    else this.#forward(own)
  }

  #choose(copy: Copy, at: number): number[] {
    const hops = copy.path.length - 1
    const open = this.#links[at]!.filter((peer) => !copy.visited.has(peer))
    const chosen: number[] = []
    for (let left = this.#copies(hops); left > 0 && open.length > 0; left--) {
      const place = hops < this.#logNodes ? this.carrier.random.below(open.length) : this.#nearest(open, copy)
      chosen.push(...open.splice(place, 1))
    }
    return chosen
  }

  /** Into how many it splits: the expectation over the whole way is the replication asked for. */
  #copies(hops: number): number {
    if (hops > ENDED_AT * this.#logNodes) return 0
    if (hops > SINGLE_AT * this.#logNodes) return 1
    const more = REPLICATION - 1
    return 1 + (this.carrier.random.unit() < more / (this.#logNodes + more * hops) ? 1 : 0)
  }

  #nearest(open: readonly number[], { request }: Copy): number {
    const key = this.#ids[request.to]!
    let best = 0
    for (let i = 1; i < open.length; i++)
      if (xorDistance(key, this.#ids[open[i]!]!) < xorDistance(key, this.#ids[open[best]!]!)) best = i
    return best
  }

  #answer(copy: Copy, place: number): void {
    if (place === 0) return copy.request.arrived(copy.path.length - 1)
    const [at, back] = [copy.path[place]!, copy.path[place - 1]!]
    this.carrier.overSession(at, back, RESULT, RESULT_BYTES, () => this.#answer(copy, place - 1))
  }
}
