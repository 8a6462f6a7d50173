import { type Bytes } from '../base/bytes.ts'
import { type Id } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type PublicationName } from '../wire/topic-upkeep.ts'

/** As long as it takes to notice a dead neighbour in the tree (a heartbeat and the silence) and to find another, twice. */
const KEPT_MS = 90_000
const MAX_KEPT_PER_TOPIC = 256
const MAX_BYTES_PER_TOPIC = 1024 * 1024
const MAX_BYTES = 16 * 1024 * 1024

interface Kept {
  atMs: number
  name: PublicationName
  message: Bytes
}

/**
 * The last publications of every topic, for neighbours in the tree that have missed some: what was sent into a link that turned
 * out dead, or reached a root before the members did, is not lost that way.
 */
export class RecentPublications {
  readonly #topics = new LeanMap<Id, Kept[]>()
  #bytes = 0

  add(topic: Id, name: PublicationName, message: Bytes, nowMs: number): void {
    const kept = this.#topics.get(topic) ?? []
    // The topic that was active last stands last, so that the first is the one to give way.
    this.#topics.delete(topic)
    this.#topics.set(topic, kept)
    kept.push({ atMs: nowMs, name, message })
    this.#bytes += message.length
    let bytes = kept.reduce((sum, { message }) => sum + message.length, 0)
    while (kept.length > MAX_KEPT_PER_TOPIC || bytes > MAX_BYTES_PER_TOPIC)
      bytes -= this.#dropFirst(topic, kept)
    this.#expire(nowMs)
    while (this.#bytes > MAX_BYTES) this.#dropFirst(...this.#quietest())
  }

  /** Of those that came at least and at most so long ago, the oldest first. */
  names(topic: Id, nowMs: number, leastMs = 0, mostMs = KEPT_MS): PublicationName[] {
    const kept = this.#topics.get(topic) ?? []
    const isWanted = ({ atMs }: Kept): boolean => nowMs - atMs >= leastMs && nowMs - atMs <= mostMs
    return kept.filter(isWanted).map(({ name }) => name)
  }

  /** Undefined where it was never here, or too long ago. */
  message(topic: Id, name: PublicationName): Bytes | undefined {
    return this.#topics.get(topic)?.find((kept) => kept.name === name)?.message
  }

  /** Only the quietest topic is looked at: with every publication that is enough to keep up. */
  #expire(nowMs: number): void {
    const [topic, kept] = this.#quietest()
    while (kept.length > 0 && nowMs - kept[0]!.atMs > KEPT_MS) this.#dropFirst(topic, kept)
  }

  #quietest(): [Id, Kept[]] {
    return this.#topics.entries().next().value!
  }

  /** Returns its size. */
  #dropFirst(topic: Id, kept: Kept[]): number {
    const bytes = kept.shift()!.message.length
    if (kept.length === 0) this.#topics.delete(topic)
    this.#bytes -= bytes
    return bytes
  }
}
