// Kademlia's metric on short ids. 32 random bits order a hundred thousand nodes as well as 160 do, and fit the integers
// that a processor compares in one step; on the wire ids are counted at their full length.

import { type SeededRandom } from '../kernel/seeded-random.ts'

export const BUCKETS = 32

/** One id per node, no two alike. */
export function shortIds(nodes: number, random: SeededRandom): Uint32Array {
  const taken = new Set<number>()
  while (taken.size < nodes) taken.add(random.below(2 ** 32))
  return Uint32Array.from(taken)
}

export function xorDistance(a: number, b: number): number {
  return (a ^ b) >>> 0
}

/** How many leading bits two ids share: 0 for the half of all ids that is farthest away. */
export function bucketOf(self: number, other: number): number {
  return Math.clz32(self ^ other)
}
