// Leaf sets compared with members that no link leads to: over the ring, by a few bytes per member each way. On a radio mesh
// nearly all exchanges are of this kind; where links are plentiful, few.

import { type Bytes } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { decodeLeaves, decodeNamed, encodeLeaves, encodeNamed, idOfHint } from '../wire/ring-questions.ts'
import { LeafSet } from './leaf-set.ts'
import { type LinkKeeper } from './link-keeper.ts'
import { type Membership } from './membership.ts'

const TIMEOUT_MS = 5000
const DETOURS = 3

export class LeafExchange {
  readonly #around: Surroundings
  readonly #membership: Membership
  readonly #keeper: LinkKeeper
  readonly #routes: Routes

  constructor(around: Surroundings, parts: { membership: Membership; keeper: LinkKeeper; routes: Routes }) {
    this.#around = around
    this.#membership = parts.membership
    this.#keeper = parts.keeper
    this.#routes = parts.routes
    parts.routes.register(APPLICATION.leaves, {
      deliver: ({ payload, source }) => this.#answer(source, decodeLeaves(payload)),
    })
  }

  /** Asks a member for those of its neighbours that have a place here. */
  async ask(member: NodeId): Promise<void> {
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

  #answer(asker: NodeId, hints: readonly string[]): Bytes {
    const known = new Set(hints)
    const theirs = new LeafSet(asker)
    for (const hint of hints) theirs.add({ id: idOfHint(hint) } as PeerRecord)
    const news = this.#membership
      .neighboursOf(asker)
      .filter(({ id }) => !known.has(id.slice(0, hints[0]?.length ?? 0)) && theirs.wants(id))
    return encodeNamed(news)
  }
}
