// Which links have fallen silent, before the transport gives them up. A hop that did not take a message in time is not used
// from now on; where nothing is heard of it for another moment, it is told to others as gone, and when it is heard it is
// used and told of again. Whoever was wronged so gets longer the next time.

import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Link, type Links } from '../transport/links.ts'

/** A live node answers a probe by then; with the hop's own timeout this makes a second. One that was wronged gets longer. */
const CONFIRM_MS = 700
const LONGEST_CONFIRM_MS = 30_000
/** Heard again after longer than this, it was gone. */
const WRONGED_WITHIN_MS = 5_000
const WATCH_MS = 350
/** A node beside us that another gave up: several that sent nothing find out at the same time, not one after another. */
const DOUBTED_MS = 350
/** A look that is so late was made by a computer that sleeps or has too much to do: others may have answered meanwhile. */
const LATE_MS = 150
/** Sums of fractions of milliseconds may fall short of a moment by a rounding error. */
const ROUNDING_MS = 0.01

interface Silence {
  sinceMs: number
  heardPackets: number
  /** When it will be told to others, unless it is heard by then. */
  confirmedMs: number
  isConfirmed: boolean
}

export class SilentLinks {
  readonly #around: Surroundings
  readonly #links: Pick<Links, 'get'>
  readonly #onChange: (isNewsForOthers: boolean) => void
  /** Hops that did not take a message, and how many packets had come from them by then. */
  readonly #silences = new LeanMap<NodeId, Silence>()
  /** Of links that were said to be silent and were not: how long they get the next time. */
  readonly #patienceMs = new LeanMap<NodeId, number>()
  #watching: Timer | undefined

  constructor(around: Surroundings, links: Pick<Links, 'get'>, onChange: (isNewsForOthers: boolean) => void) {
    this.#around = around
    this.#links = links
    this.#onChange = onChange
  }

  /** Not to be used now. */
  has(id: NodeId): boolean {
    return this.#silences.has(id)
  }

  /** For so long that others are told. */
  isConfirmed(id: NodeId): boolean {
    return this.#silences.get(id)?.isConfirmed === true
  }

  /** A hop did not take a message in time. */
  add(id: NodeId, firstConfirmMs = CONFIRM_MS): void {
    const link = this.#links.get(id)
    if (!link || this.#silences.has(id)) return
    const sinceMs = this.#around.clock.nowMs()
    const confirmedMs = sinceMs + (this.#patienceMs.get(id) ?? firstConfirmMs)
    const heardPackets = link.traffic.receivedPackets
    this.#silences.set(id, { sinceMs, heardPackets, confirmedMs, isConfirmed: false })
    this.#onChange(false)
    this.#watchSoon()
  }

  /** Somebody else gave it up: it is asked for a sign of life. */
  doubt(link: Link): void {
    const { id } = link.peer
    if (this.#silences.has(id)) return
    const heard = link.traffic.receivedPackets
    link.probe()
    this.#around.timers.after(DOUBTED_MS, () => {
      if (link.isOpen && link.traffic.receivedPackets === heard) this.add(id, DOUBTED_MS)
    })
  }

  linkUp(id: NodeId): void {
    this.#silences.delete(id)
  }

  linkDown(id: NodeId): void {
    this.#silences.delete(id)
    this.#patienceMs.delete(id)
  }

  #watchSoon(): void {
    const dueMs = this.#around.clock.nowMs() + WATCH_MS
    this.#watching ??= this.#around.timers.after(WATCH_MS, () => {
      this.#watching = undefined
      if (this.#around.clock.nowMs() - dueMs < LATE_MS) this.#watch()
      if (this.#silences.size > 0) this.#watchSoon()
    })
  }

  #watch(): void {
    const nowMs = this.#around.clock.nowMs()
    let isNews = false
    for (const [id, silence] of this.#silences) {
      const link = this.#links.get(id)
      if (!link?.isOpen || link.traffic.receivedPackets > silence.heardPackets) {
        this.#silences.delete(id)
        if (!silence.isConfirmed) continue
        isNews = true
        if (nowMs - silence.sinceMs < WRONGED_WITHIN_MS) this.#wronged(id)
      } else if (!silence.isConfirmed && nowMs >= silence.confirmedMs - ROUNDING_MS) {
        silence.isConfirmed = true
        isNews = true
      }
    }
    this.#onChange(isNews)
  }

  #wronged(id: NodeId): void {
    this.#patienceMs.set(id, Math.min(2 * (this.#patienceMs.get(id) ?? CONFIRM_MS), LONGEST_CONFIRM_MS))
  }
}
