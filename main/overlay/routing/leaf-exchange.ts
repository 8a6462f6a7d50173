// What is said to members that no link leads to: over the ring. Leaf sets are compared, by a few bytes per member each way (on
// a radio mesh nearly all exchanges are of this kind; where links are plentiful, few), and whoever leaves takes leave.

import { type Bytes, EMPTY } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { comesBefore, RingIndex } from '../base/ring-index.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Paths } from '../ports/paths.ts'
import { type Routes } from '../ports/routes.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { hintOf } from '../wire/id-hints.ts'
import { decodeLeaves, decodeNamed, encodeLeaves, encodeNamed } from '../wire/ring-questions.ts'
import { LEAVES_PER_SIDE } from './leaf-set.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'

const TIMEOUT_MS = 5000
const DETOURS = 3

export class LeafExchange {
  readonly #around: Surroundings
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #routes: Routes
  readonly #paths: Paths

  constructor(
    around: Surroundings,
    parts: { membership: Membership; keeper: LinkKeeper; routes: Routes; paths: Paths },
  ) {
    this.#around = around
    this.#membership = parts.membership
    this.#keeper = parts.keeper
    this.#routes = parts.routes
    this.#paths = parts.paths
    parts.routes.register(APPLICATION.leaves, {
      deliver: ({ payload, source }) => this.#answer(source, decodeLeaves(payload)),
    })
    parts.routes.register(APPLICATION.leaving, {
      deliver: ({ source }) => {
        this.#keeper.left(source)
        return EMPTY
      },
    })
  }

  /** Asks a member for those of its neighbours that have a place here. Not where the map shows all there are. */
  async ask(member: NodeId): Promise<void> {
    if (this.#paths.isWhole()) return
    const question = encodeLeaves(this.#membership.members())
    const options = { timeoutMs: TIMEOUT_MS, isExact: true, isOnce: true, detours: DETOURS }
    try {
      const reply = await this.#routes.request(member, APPLICATION.leaves, question, options)
      this.#keeper.answered(member)
      this.#keeper.learn(decodeNamed(reply.payload, this.#around))
    } catch (error) {
      this.#around.drops.count(`leaf exchange: ${codeOf(error)}`)
    }
  }

  /** No link's end tells them, and what was kept at this node's place would be looked for here until they ask for it. */
  leave(): void {
    const options = { timeoutMs: TIMEOUT_MS, isExact: true, isOnce: true, detours: DETOURS }
    for (const member of this.#membership.members())
      if (!this.#membership.linkTo(member))
        this.#routes.request(member, APPLICATION.leaving, EMPTY, options).catch(() => undefined)
  }

  #answer(asker: NodeId, hints: readonly string[]): Bytes {
    return encodeNamed(newsFor(this.#membership, asker, hints))
  }
}

/** Of this node and its members, those that a node with such a leaf set has a place for and does not know; nearest first. */
export function newsFor(membership: Membership, peer: NodeId, hints: readonly string[]): PeerRecord[] {
  // Hints lie on the ring as ids do: they need not be made into such to be compared.
  const here = hintOf(peer) as NodeId
  const places = new RingIndex()
  for (const hint of hints) if (hint !== here) places.add(hint as NodeId)
  const isKnown = (): boolean => true
  const highest = places.beside(here, LEAVES_PER_SIDE, isKnown)
  const lowest = places.beside(here, -LEAVES_PER_SIDE, isKnown)
  const hasRoom = places.size < 2 * LEAVES_PER_SIDE
  const isNews = (hint: NodeId): boolean =>
    !places.has(hint) && (hasRoom || comesBefore(here, hint, highest) || comesBefore(here, lowest, hint))
  return membership.neighboursOf(peer, ({ id }) => isNews(hintOf(id) as NodeId))
}
