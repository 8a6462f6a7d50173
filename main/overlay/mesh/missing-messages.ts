// Messages that neighbours have announced and that have not come: after a while one announcer after another is asked for them.

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Announced, type MessageId } from '../wire/mesh-messages.ts'
import { type MeshOptions } from './mesh-options.ts'

/** Chosen: more than an author may send while a fallen neighbour is found out, several times over. */
const MAX_MISSING = 2048
/** Of these one neighbour may have been the first to announce so many: what it invents leaves room for the others'. */
const MAX_PER_NEIGHBOUR = 256
const MAX_SOURCES = 12

interface Source {
  from: NodeId
  hops: number
}

interface Missing {
  readonly first: NodeId
  /** Not asked yet, first come first asked. */
  readonly sources: Source[]
  dueMs: number
  /** Of whom it was asked last. */
  asked: NodeId | undefined
}

export class MissingMessages {
  readonly #around: Surroundings
  readonly #options: Pick<MeshOptions, 'graftAfterMs' | 'graftAgainMs'>
  readonly #onDue: (from: NodeId, ids: MessageId[]) => void
  readonly #onUnanswered: (from: NodeId) => void
  readonly #missing = new Map<MessageId, Missing>()
  readonly #byFirst = new Map<NodeId, number>()
  #timer: Timer | undefined

  constructor(
    around: Surroundings,
    parts: {
      options: Pick<MeshOptions, 'graftAfterMs' | 'graftAgainMs'>
      /** Now is the time to ask that neighbour for these. */
      onDue: (from: NodeId, ids: MessageId[]) => void
      /** It was asked for what it had announced, and did not send it. */
      onUnanswered: (from: NodeId) => void
    },
  ) {
    this.#around = around
    this.#options = parts.options
    this.#onDue = parts.onDue
    this.#onUnanswered = parts.onUnanswered
  }

  get size(): number {
    return this.#missing.size
  }

  announced(from: NodeId, { id, hops }: Announced): void {
    const known = this.#missing.get(id)
    if (known) {
      if (known.sources.length < MAX_SOURCES && known.asked !== from) known.sources.push({ from, hops })
      return
    }
    const ofFirst = this.#byFirst.get(from) ?? 0
    if (this.#missing.size >= MAX_MISSING || ofFirst >= MAX_PER_NEIGHBOUR)
      return this.#around.drops.count('mesh announcement: too many are missing')
    this.#byFirst.set(from, ofFirst + 1)
    const { clock, random } = this.#around
    const dueMs = clock.nowMs() + this.#options.graftAfterMs * (1 + random.unit())
    this.#missing.set(id, { first: from, sources: [{ from, hops }], dueMs, asked: undefined })
    this.#lookAt(dueMs)
  }

  /** It has come. The announcer that was nearest to the author, where there was any. */
  arrived(id: MessageId): Source | undefined {
    const missing = this.#missing.get(id)
    if (!missing) return undefined
    this.#forget(id, missing)
    let best: Source | undefined
    for (const source of missing.sources) if (!best || source.hops < best.hops) best = source
    return best
  }

  /** What it announced, it cannot be asked for any more. */
  neighbourGone(peer: NodeId): void {
    for (const missing of this.#missing.values()) {
      const at = missing.sources.findIndex(({ from }) => from === peer)
      if (at >= 0) missing.sources.splice(at, 1)
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#missing.clear()
    this.#byFirst.clear()
  }

  #forget(id: MessageId, { first }: Missing): void {
    this.#missing.delete(id)
    const left = (this.#byFirst.get(first) ?? 1) - 1
    if (left > 0) this.#byFirst.set(first, left)
    else this.#byFirst.delete(first)
  }

  #lookAt(dueMs: number): void {
    if (this.#timer) return
    const delayMs = Math.max(1, dueMs - this.#around.clock.nowMs())
    this.#timer = this.#around.timers.after(delayMs, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = this.#around.clock.nowMs()
    const toAsk = new Map<NodeId, MessageId[]>()
    let nextMs = Infinity
    for (const [id, missing] of this.#missing) {
      if (missing.dueMs <= nowMs) this.#ask(id, missing, toAsk, nowMs)
      if (this.#missing.has(id)) nextMs = Math.min(nextMs, missing.dueMs)
    }
    if (nextMs < Infinity) this.#lookAt(nextMs)
    for (const [from, ids] of toAsk) this.#onDue(from, ids)
  }

  /** After the last announcer it is given up, until somebody announces it anew. */
  #ask(id: MessageId, missing: Missing, toAsk: Map<NodeId, MessageId[]>, nowMs: number): void {
    if (missing.asked !== undefined) this.#onUnanswered(missing.asked)
    const source = missing.sources.shift()
    if (!source) return this.#forget(id, missing)
    missing.asked = source.from
    missing.dueMs = nowMs + this.#options.graftAgainMs
    const ids = toAsk.get(source.from)
    if (ids) ids.push(id)
    else toAsk.set(source.from, [id])
  }
}
