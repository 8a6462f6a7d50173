// Chance without memory: what a seed says about a pair of nodes, asked as often as one likes. A table of all pairs of
// 100,000 nodes would not fit anywhere.

/** From 0 (included) to 1 (excluded), from a seed and up to three numbers; murmur3's finalizer over each. */
export function hashUnit(seed: number, purpose: number, a: number, b = 0): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  mixed = stir(mixed ^ purpose)
  mixed = stir(mixed + Math.imul(a, 0xcc9e2d51))
  mixed = stir(mixed + Math.imul(b, 0x1b873593))
  return (mixed >>> 0) / 2 ** 32
}

/** The same for both orders of the pair. */
export function pairUnit(seed: number, purpose: number, a: number, b: number): number {
  return a < b ? hashUnit(seed, purpose, a, b) : hashUnit(seed, purpose, b, a)
}

function stir(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
