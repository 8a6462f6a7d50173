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
