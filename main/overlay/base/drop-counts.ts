/** What was thrown away or went wrong, counted by reason: the only trace bad input leaves. */
export class DropCounts {
  #counts: Map<string, number> | undefined = undefined

  count(reason: string): void {
    const counts = (this.#counts ??= new Map<string, number>())
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }

  snapshot(): Record<string, number> {
    return Object.fromEntries([...(this.#counts ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
