// Subscribing towards a topic's key, again and again, until a parent has accepted or this node is the root. The first attempt
// goes the straight way, past the nodes to avoid; the later ones beside it, by route offsets (DESIGN §4).

import { EMPTY } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { pause } from '../base/in-time.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type TopicTree } from './topic-tree.ts'

const SUBSCRIBE_TIMEOUT_MS = 4000
/** An accepting parent's `joined` is on its way when the answer comes. */
const SETTLE_MS = 500
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
/** The first way may just have failed. */
const OFFSETS = [0, 1, -1, 2] as const

export class Searching {
  readonly #around: Surroundings
  readonly #routes: Routes
  readonly #trees: ReadonlyMap<Id, TopicTree>
  readonly #isPlausible: (topic: Id, tree: TopicTree) => boolean
  readonly #searches = new LeanSet<Id>()

  /** `isPlausible`: it is not the root of a topic whose true root it knows. */
  constructor(
    around: Surroundings,
    parts: {
      routes: Routes
      trees: ReadonlyMap<Id, TopicTree>
      isPlausible: (topic: Id, tree: TopicTree) => boolean
    },
  ) {
    this.#around = around
    this.#routes = parts.routes
    this.#trees = parts.trees
    this.#isPlausible = parts.isPlausible
  }

  search(topic: Id, avoid: NodeId[] = []): void {
    if (this.#searches.has(topic)) return
    this.#searches.add(topic)
    void this.#loop(topic, avoid).finally(() => this.#searches.delete(topic))
  }

  searchIfLost(topic: Id, avoid: NodeId[] = []): void {
    const tree = this.#trees.get(topic)
    if (tree && !tree.isConnected) this.search(topic, avoid)
  }

  async #loop(topic: Id, avoid: NodeId[]): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    for (let attempt = 0; ; attempt++) {
      // Each time: it may have found one, lost it and taken itself for the root meanwhile, as half of a network that was cut does.
      this.#trees.get(topic)!.expectsParent = true
      const offset = OFFSETS[attempt % OFFSETS.length]!
      const options = { timeoutMs: SUBSCRIBE_TIMEOUT_MS, avoid, offset }
      const code = await this.#routes
        .request(topic, APPLICATION.subscribe, EMPTY, options)
        .then(() => '', codeOf)
      if (code) this.#around.drops.count(`subscribe: ${code}`)
      const { timers, random } = this.#around
      await pause(timers, code === '' ? SETTLE_MS : retryMs * (0.75 + 0.5 * random.unit()))
      const tree = this.#trees.get(topic)
      if (!tree?.isNeeded || (tree.isConnected && this.#isPlausible(topic, tree))) return
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)
      avoid = []
    }
  }
}
