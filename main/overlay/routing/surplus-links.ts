// Lets go of links that nobody needs: those that stand in neither leaf set nor table, belong to no contact and no tree. They
// pile up at nodes that many join through, and each costs both ends keep-alives.
//
//   idle for 5 min     -> parting; the other end closes the link if it has no use for it either
//   more than MAX_SURPLUS -> the longest idle are told so with insistence: the other end closes whatever its table thinks,
//                         and looks for another node for that place
//
// A link counts when it is half a minute old; where a crowd comes in, looked at every 2 s, when a join has had its time.
//
// Only the one who is asked closes. Both ends so know why the link went: neither takes it for a death, and the one
// who was told remembers for an hour not to call again for a place in its table. Closing without asking was rejected: the
// peer, with a use for the link, would dial again at once, for ever.

import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { decodeParting, encodeParting } from '../wire/leaf-messages.ts'
import { type LastHeard } from './last-heard.ts'
import { type Membership } from './membership.ts'

const LOOK_PERIOD_MS = 60_000
const IDLE_MS = 300_000
/** The peer has a use for it: asked again after so long. */
const ASK_AGAIN_MS = 1_800_000
/** Shorter than the time between two looks when there is no crowd. */
const INSIST_AGAIN_MS = 45_000
/** Enough to help newcomers in; the rest of a node's links is bounded by its leaf set and table. */
export const MAX_SURPLUS = 192
/** A join and what follows it are over. */
const SETTLED_MS = 30_000
/** More newcomers at a time than that are a crowd at the door: it is looked at often, and each stays for its join only. */
const CROWD = 128
const CROWD_PERIOD_MS = 2000
/** What a join may take at most (bootstrap.ts); most take a second. */
const CROWD_SETTLED_MS = 6000
/** What both transports report as the reason. */
export const PARTED = 'parted'

export class SurplusLinks {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #membership: Membership
  readonly #isUsedAbove: (id: NodeId) => boolean
  readonly #heard: LastHeard
  /** Of the links that came up a moment ago. */
  readonly #freshSinceMs = new LeanMap<NodeId, number>()
  /** Of the few that were asked and stayed. */
  readonly #askedMs = new LeanMap<NodeId, number>()
  #soon: Timer | undefined

  constructor(
    around: Surroundings,
    links: Links,
    membership: Membership,
    parts: { heard: LastHeard; isUsedAbove: (id: NodeId) => boolean },
  ) {
    this.#around = around
    this.#links = links
    this.#membership = membership
    this.#heard = parts.heard
    this.#isUsedAbove = parts.isUsedAbove
  }

  start(): void {
    this.#around.timers.every(
      () => LOOK_PERIOD_MS * (0.8 + 0.4 * this.#around.random.unit()),
      () => this.#look(),
    )
  }

  linkUp(id: NodeId): void {
    this.#freshSinceMs.set(id, this.#nowMs())
    this.#askedMs.delete(id)
    if (this.#freshSinceMs.size > CROWD) this.#lookSoon()
  }

  linkDown(id: NodeId): void {
    this.#freshSinceMs.delete(id)
    this.#askedMs.delete(id)
  }

  onParting(link: Link, body: Reader): void {
    const insists = decodeParting(body)
    const { id } = link.peer
    if (insists ? this.#isVital(id) : this.#isUsed(id)) return
    this.#membership.directory.declined(id)
    link.close(PARTED)
  }

  #lookSoon(): void {
    this.#soon ??= this.#around.timers.after(CROWD_PERIOD_MS, () => {
      this.#soon = undefined
      this.#look()
      if (this.#freshSinceMs.size > CROWD) this.#lookSoon()
    })
  }

  #look(): void {
    const nowMs = this.#nowMs()
    const settledMs = this.#freshSinceMs.size > CROWD ? CROWD_SETTLED_MS : SETTLED_MS
    for (const [id, sinceMs] of this.#freshSinceMs)
      if (nowMs - sinceMs >= settledMs) this.#freshSinceMs.delete(id)
    const surplus = [...this.#links.all()].filter((link) => link.isOpen && this.#isSurplus(link.peer.id))
    surplus.sort((a, b) => this.#heard.silentMs(b.peer.id) - this.#heard.silentMs(a.peer.id))
    for (const [i, link] of surplus.entries()) {
      const { id } = link.peer
      const insists = i < surplus.length - MAX_SURPLUS
      const isIdle = this.#heard.silentMs(id) >= IDLE_MS
      const askedAgoMs = nowMs - (this.#askedMs.get(id) ?? -Infinity)
      if (askedAgoMs < (insists ? INSIST_AGAIN_MS : ASK_AGAIN_MS) || (!insists && !isIdle)) continue
      this.#askedMs.set(id, nowMs)
      link.send(encodeParting(insists))
    }
  }

  #isSurplus(id: NodeId): boolean {
    return !this.#freshSinceMs.has(id) && !this.#isUsed(id)
  }

  #nowMs(): number {
    return Math.floor(this.#around.clock.nowMs())
  }

  #isUsed(id: NodeId): boolean {
    return this.#membership.table.has(id) || this.#isVital(id)
  }

  /** For a table place there are others; for these there are none. */
  #isVital(id: NodeId): boolean {
    return this.#membership.leafSet.has(id) || this.#membership.isNearLink(id) || this.#isUsedAbove(id)
  }
}
