// What has come lately and is not announced yet. Announcements gather for a moment, so that one message carries several, and so
// that a neighbour that announces the same to us first need not be told: of the two directions of a link one is saved. They
// gather for longer where the tree is as it should be; while it forms, or mends, it needs them sooner (docs/decisions.md 80).

import { type NodeId } from '../base/id.ts'
import { drawn } from '../base/shuffled.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Announced, MAX_ANNOUNCED, type MessageId } from '../wire/mesh-messages.ts'
import { type MeshOptions } from './mesh-options.ts'
import { type Neighbour, type View } from './view.ts'

interface Pending {
  hops: number
  /** They have it. */
  holders: Set<NodeId>
}

type AnnouncementOptions = Pick<MeshOptions, 'announceDelayMs' | 'announceTo' | 'calmDelayMs' | 'calmAfterMs'>

export class Announcements {
  readonly #around: Surroundings
  readonly #view: View
  readonly #options: AnnouncementOptions
  readonly #send: (to: NodeId, announced: Announced[]) => void
  readonly #pending = new Map<MessageId, Pending>()
  #timer: Timer | undefined
  #alarmUntilMs = -Infinity
  #disturbedMs: number

  constructor(
    around: Surroundings,
    parts: {
      view: View
      options: AnnouncementOptions
      send: (to: NodeId, announced: Announced[]) => void
    },
  ) {
    this.#around = around
    this.#view = parts.view
    this.#options = parts.options
    this.#send = parts.send
    this.#disturbedMs = around.clock.nowMs()
  }

  /** `from`: who sent it; undefined for what is our own. */
  add(id: MessageId, hops: number, from: NodeId | undefined): void {
    if (this.#pending.size >= MAX_ANNOUNCED) this.#flush()
    this.#pending.set(id, { hops, holders: new Set(from === undefined ? [] : [from]) })
    this.#timer ??= this.#around.timers.after(this.#delayMs(), () => this.#flush())
  }

  hasIt(id: MessageId, holder: NodeId): void {
    this.#pending.get(id)?.holders.add(holder)
  }

  /** The tree has changed here, or is to. */
  disturbed(): void {
    this.#disturbedMs = this.#around.clock.nowMs()
  }

  /** Everybody is told until then. */
  alarmUntil(atMs: number): void {
    this.#alarmUntilMs = atMs
  }

  stop(): void {
    this.#timer?.cancel()
    this.#pending.clear()
  }

  #delayMs(): number {
    const { announceDelayMs, calmDelayMs, calmAfterMs } = this.#options
    const nowMs = this.#around.clock.nowMs()
    const isCalm = nowMs - this.#disturbedMs >= calmAfterMs && nowMs >= this.#alarmUntilMs
    return isCalm ? calmDelayMs : announceDelayMs
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const pending = [...this.#pending]
    this.#pending.clear()
    for (const { id: to } of this.#recipients()) {
      const news = pending.filter(([, { holders }]) => !holders.has(to))
      if (news.length > 0)
        this.#send(
          to,
          news.map(([id, { hops }]) => ({ id, hops })),
        )
    }
  }

  /** Some of those that are not pushed to, others each time. */
  #recipients(): Neighbour[] {
    const lazy = [...this.#view.all()].filter(({ isEager }) => !isEager)
    const { announceTo } = this.#options
    if (this.#around.clock.nowMs() < this.#alarmUntilMs) return lazy
    return drawn(lazy, announceTo, this.#around.random)
  }
}
