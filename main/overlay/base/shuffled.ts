import { type Random } from '../ports/random.ts'

/** A copy in an order in which each is equally likely (Fisher and Yates). */
export function shuffled<T>(values: Iterable<T>, random: Pick<Random, 'below'>): T[] {
  const order = [...values]
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** So many of them, or all, in a random order. */
export function drawn<T>(values: readonly T[], count: number, random: Pick<Random, 'below'>): T[] {
  const left = [...values]
  const taken = Math.min(count, left.length)
  for (let i = 0; i < taken; i++) {
    const j = i + random.below(left.length - i)
    ;[left[i], left[j]] = [left[j]!, left[i]!]
  }
  return left.slice(0, taken)
}
