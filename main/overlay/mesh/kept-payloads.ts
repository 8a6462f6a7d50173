import { type Clock } from '../ports/clock.ts'
import { type Bytes } from '../base/bytes.ts'
import { type MessageId } from '../wire/mesh-messages.ts'
import { type MeshOptions } from './mesh-options.ts'

export interface KeptPayload {
  readonly id: MessageId
  readonly atMs: number
  readonly hops: number
  /** As it came; its hops are not ours. */
  readonly message: Bytes
}

/** The latest messages, oldest first, bounded in time, number and bytes, so that a graft can be answered. */
export class KeptPayloads {
  readonly #clock: Clock
  readonly #limits: Pick<MeshOptions, 'keptMs' | 'keptBytes' | 'keptMessages'>
  readonly #kept = new Map<MessageId, KeptPayload>()
  #bytes = 0

  constructor(clock: Clock, limits: Pick<MeshOptions, 'keptMs' | 'keptBytes' | 'keptMessages'>) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#kept.size
  }

  get bytes(): number {
    return this.#bytes
  }

  add(id: MessageId, hops: number, message: Bytes): void {
    this.#kept.set(id, { id, atMs: this.#clock.nowMs(), hops, message })
    this.#bytes += message.length
    this.#expire()
  }

  get(id: MessageId): KeptPayload | undefined {
    this.#expire()
    return this.#kept.get(id)
  }

  /** At most so many, the latest ones, oldest first. */
  latest(count: number): KeptPayload[] {
    this.#expire()
    return [...this.#kept.values()].slice(-count)
  }

  #expire(): void {
    const { keptMs, keptBytes, keptMessages } = this.#limits
    const beforeMs = this.#clock.nowMs() - keptMs
    for (const [id, { atMs, message }] of this.#kept) {
      if (atMs >= beforeMs && this.#bytes <= keptBytes && this.#kept.size <= keptMessages) return
      this.#kept.delete(id)
      this.#bytes -= message.length
    }
  }
}
