// Which links a baseline's nodes hold, where its protocol leaves that to whoever set the network up. Links are symmetric,
// join only hosts that can have a session, and are about as many as asked for; where a host can have no more than a few,
// as a radio, it has them all.

import { shuffled } from '../../main/overlay/base/shuffled.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { KEEP_ALIVE_MS, ACK_BYTES, PING_BYTES, UNTRANSLATED_KEEP_ALIVE_MS } from '../world/session-costs.ts'
import { type Terrain } from '../world/terrain.ts'
import { type Upkeep } from './baseline.ts'
import { BUCKETS, bucketOf } from './xor-metric.ts'

/** GNUnet's limit of a bucket (DEFAULT_BUCKET_SIZE). */
const BUCKET_SIZE = 8

export interface LinkWishes {
  terrain: Terrain
  nodes: number
  /** Mean links per node. */
  degree: number
  random: SeededRandom
}

/** Each node asks for half as many random links as it shall have; the other half are those that ask for it. */
export function randomLinks(wishes: LinkWishes): number[][] {
  return chosenLinks(wishes, (_host, others) => others)
}

/** The same number, spread evenly over the k-buckets of a Kademlia table, so that a greedy walk finds a way down. */
export function bucketLinks(wishes: LinkWishes, ids: Uint32Array): number[][] {
  return chosenLinks(wishes, (host, others) => roundRobin(ids, host, others))
}

export function meanDegree(links: readonly number[][]): number {
  return links.reduce((total, peers) => total + peers.length, 0) / links.length
}

/** What keeps so many sessions alive: one ping and its acknowledgement an interval, each pair's once. */
export function keepAliveUpkeep(terrain: Terrain, links: readonly number[][]): Upkeep {
  let perSecond = 0
  for (const [host, peers] of links.entries())
    for (const peer of peers) {
      if (peer < host) continue
      const isTranslated = terrain.isTranslated(host) || terrain.isTranslated(peer)
      perSecond += 1000 / (isTranslated ? KEEP_ALIVE_MS : UNTRANSLATED_KEEP_ALIVE_MS)
    }
  return {
    packetsPerNodeSecond: (2 * perSecond) / links.length,
    bytesPerNodeSecond: ((PING_BYTES + ACK_BYTES) * perSecond) / links.length,
  }
}

function chosenLinks(
  { terrain, nodes, degree, random }: LinkWishes,
  inOrder: (host: number, others: number[]) => number[],
): number[][] {
  const links = Array.from({ length: nodes }, () => new Set<number>())
  for (let host = 0; host < nodes; host++) {
    const others = linkable(terrain, nodes, host)
    const asked =
      others.length <= degree ? others : inOrder(host, shuffled(others, random)).slice(0, degree / 2)
    for (const peer of asked) {
      links[host]!.add(peer)
      links[peer]!.add(host)
    }
  }
  return links.map((peers) => [...peers])
}

function linkable(terrain: Terrain, nodes: number, host: number): number[] {
  const others: number[] = []
  for (let other = 0; other < nodes; other++)
    if (other !== host && terrain.canLink(host, other)) others.push(other)
  return others
}

/** One of each bucket, then a second of each, until the buckets are empty or full. */
function roundRobin(ids: Uint32Array, host: number, others: readonly number[]): number[] {
  const buckets = Array.from({ length: BUCKETS }, (): number[] => [])
  for (const other of others) buckets[bucketOf(ids[host]!, ids[other]!)]!.push(other)
  const order: number[] = []
  for (let place = 0; place < BUCKET_SIZE; place++)
    for (const bucket of buckets) if (place < bucket.length) order.push(bucket[place]!)
  return order
}
