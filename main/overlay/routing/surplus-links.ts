// Lets go of links that nobody needs: those that stand in neither leaf set nor table, belong to no contact and no tree. They
// pile up at nodes that many join through, and each costs both ends keep-alives.
//
//   idle for 5 min     -> parting; the other end closes the link if it has no use for it either
//   more than 32 such  -> the longest idle are told so with insistence: the other end closes whatever its table thinks,
//                         and looks for another node for that place
//
// Only the one who is asked closes. Both ends so know why the link went: neither takes it for a death, and the one
// who was told remembers for an hour not to call again for a place in its table. Closing without asking was rejected: the
// peer, with a use for the link, would dial again at once, for ever.

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { decodeParting, encodeParting } from '../wire/leaf-messages.ts'
import { type Membership } from './membership.ts'

const LOOK_PERIOD_MS = 60_000
const IDLE_MS = 300_000
/** The peer has a use for it: asked again after so long. */
const ASK_AGAIN_MS = 1_800_000
/** Enough to help newcomers in; the rest of a node's links is bounded by its leaf set and table. */
export const MAX_SURPLUS = 32
/** A join and what follows it are over. */
const SETTLED_MS = 30_000
/** What both transports report as the reason. */
export const PARTED = 'parted'

interface Use {
  heardMs: number
  upMs: number
  askedMs: number
}

export class SurplusLinks {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #membership: Membership
  readonly #isUsedAbove: (id: NodeId) => boolean
  readonly #uses = new Map<NodeId, Use>()

  constructor(
    around: Surroundings,
    links: Links,
    membership: Membership,
    isUsedAbove: (id: NodeId) => boolean,
  ) {
    this.#around = around
    this.#links = links
    this.#membership = membership
    this.#isUsedAbove = isUsedAbove
  }

  start(): void {
    this.#around.timers.every(
      () => LOOK_PERIOD_MS * (0.8 + 0.4 * this.#around.random.unit()),
      () => this.#look(),
    )
  }

  linkUp(id: NodeId): void {
    const nowMs = this.#around.clock.nowMs()
    this.#uses.set(id, { heardMs: nowMs, upMs: nowMs, askedMs: -Infinity })
  }

  linkDown(id: NodeId): void {
    this.#uses.delete(id)
  }

  heard(id: NodeId): void {
    const use = this.#uses.get(id)
    if (use) use.heardMs = this.#around.clock.nowMs()
  }

  onParting(link: Link, body: Reader): void {
    const insists = decodeParting(body)
    const { id } = link.peer
    if (insists ? this.#isVital(id) : this.#isUsed(id)) return
    this.#membership.directory.declined(id)
    link.close(PARTED)
  }

  #look(): void {
    const nowMs = this.#around.clock.nowMs()
    const surplus = [...this.#links.all()].flatMap((link) => {
      const use = this.#uses.get(link.peer.id)
      return link.isOpen && use && nowMs - use.upMs >= SETTLED_MS && !this.#isUsed(link.peer.id)
        ? [{ link, use }]
        : []
    })
    surplus.sort((a, b) => a.use.heardMs - b.use.heardMs)
    for (const [i, { link, use }] of surplus.entries()) {
      const insists = i < surplus.length - MAX_SURPLUS
      const isIdle = nowMs - use.heardMs >= IDLE_MS && nowMs - use.askedMs >= ASK_AGAIN_MS
      if (!insists && !isIdle) continue
      use.askedMs = nowMs
      link.send(encodeParting(insists))
    }
  }

  #isUsed(id: NodeId): boolean {
    return this.#membership.table.has(id) || this.#isVital(id)
  }

  /** For a table place there are others; for these there are none. */
  #isVital(id: NodeId): boolean {
    return this.#membership.leafSet.has(id) || this.#isUsedAbove(id)
  }
}
