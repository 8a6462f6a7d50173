import { type Bytes } from '../base/bytes.ts'

/** As long as it takes to notice a dead neighbour in the tree and to find another. */
const KEPT_MS = 45_000
const MAX_KEPT = 32
const MAX_KEPT_BYTES = 256 * 1024

/**
 * The last publications of one topic, to be repeated to a new neighbour in the tree: what was sent into a link that turned
 * out dead is not lost that way. Whoever has one already drops it by its id.
 */
export class RecentPublications {
  #kept: { atMs: number; message: Bytes }[] = []

  add(message: Bytes, nowMs: number): void {
    this.#kept.push({ atMs: nowMs, message })
    let bytes = this.#kept.reduce((sum, { message }) => sum + message.length, 0)
    while (this.#kept.length > MAX_KEPT || bytes > MAX_KEPT_BYTES) bytes -= this.#kept.shift()!.message.length
  }

  since(nowMs: number): Bytes[] {
    this.#kept = this.#kept.filter(({ atMs }) => nowMs - atMs <= KEPT_MS)
    return this.#kept.map(({ message }) => message)
  }
}
