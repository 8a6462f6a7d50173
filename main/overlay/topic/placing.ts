// A better place in the tree. The way by which a subscription came makes a first one at once, over nodes that are there only
// because they were on the way. From there a node looks for the parent over which a message from the core reaches it soonest:
//
//   ask the root who the core is ──> ask the core ──> measure some of its children: where am I?
//        ──> ask again, with that ──> measure the best of those named ──> ask one of them to be the parent (`seek`)
//
// A node that has no room names its children instead (pushdown), and so on, a few levels down. The old parent is left when
// the new one has accepted. It is done a few times after a node came into the tree, as places are better known then, and not
// again: nothing of it goes on in a tree at rest.
//
// Nothing that is claimed moves a node but to measure: who claims to be near the root is asked, and may be chosen, as in any
// tree (docs/threat-model.md says what that costs).

import { type Id, type NodeId } from '../base/id.ts'
import { pause } from '../base/in-time.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { codeOf } from '../base/errors.ts'
import { type Routes } from '../ports/routes.ts'
import { type Links } from '../transport/links.ts'
import { Reader } from '../wire/codec.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { decodePlaces, encodePlaceQuestion, encodeSeek, type Place } from '../wire/topic-placement.ts'
import { fitSpot, type Measured } from './coordinates.ts'
import { measurePlaces, type MeasuredPlace } from './measured-places.ts'
import { DRAWN, type PlaceList } from './place-list.ts'
import { type TopicTree } from './topic-tree.ts'

/** After it was taken in by a parent; the later ones for what the others have found out about themselves meanwhile. */
const LOOK_AFTER_MS = [700, 8000, 20_000, 45_000]
/** Where many have to, not all at once. */
const LOOK_AGAIN_MS = 5000
/** Who only passes messages on is needed no more, as a rule, when those below it have found their places. */
const FORWARDER_WAITS_MS = 8000
/** For a topic, because a parent says that its way is longer: some moves of the core at once, and then now and then. */
const BURST_LOOKS = 16
const LOOKS_PER_SECOND = 1 / 30
const ASK_TIMEOUT_MS = 3000
const ANSWER_PATIENCE_MS = 300
/** Of those named, by what they seem to be worth. */
const MEASURED_TO_PLACE = 6
const MEASURED_TO_CHOOSE = 5
const MAX_STEPS = 6
/** To move costs a few messages, and a moment in which two bring the same. */
const LEAST_GAIN_MS = 1
const LEAST_GAIN_SHARE = 0.02
const MAX_SPARE = 4
/** In a plane three are the least. */
const LEAST_MEASURED = 3

export class Placing {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #routes: Routes
  readonly #trees: ReadonlyMap<Id, TopicTree>
  readonly #list: PlaceList
  /** To be looked for in a moment. */
  readonly #due = new LeanSet<Id>()
  readonly #looks: PeerBudgets
  /** Being looked for; with what somebody who had no room named meanwhile. */
  readonly #running = new LeanMap<Id, Place[]>()

  constructor(
    around: Surroundings,
    parts: { links: Links; routes: Routes; trees: ReadonlyMap<Id, TopicTree>; list: PlaceList },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#routes = parts.routes
    this.#trees = parts.trees
    this.#list = parts.list
    this.#looks = new PeerBudgets(around.clock, BURST_LOOKS, LOOKS_PER_SECOND)
  }

  /** By the way its subscription took, or after its parent was lost. */
  attached(topic: Id): void {
    const { timers, random } = this.#around
    const waitMs = this.#trees.get(topic)?.isMember ? 0 : FORWARDER_WAITS_MS
    for (const afterMs of LOOK_AFTER_MS)
      timers.after(
        (waitMs + afterMs) * (0.7 + 0.6 * random.unit()),
        () => void this.#improve(topic, undefined),
      )
  }

  /** The core has moved, or something between it and the parent. */
  worsened(topic: Id): void {
    if (this.#due.has(topic)) return
    if (!this.#looks.admits(topic)) return this.#around.drops.count('place: worsened too often')
    this.#due.add(topic)
    const { timers, random } = this.#around
    timers.after(LOOK_AGAIN_MS * (0.2 + random.unit()), () => {
      this.#due.delete(topic)
      void this.#improve(topic, undefined)
    })
  }

  /** By a parent, or by one that was asked: there is no room here, look there. */
  handedOn(topic: Id, places: Place[]): void {
    const running = this.#running.get(topic)
    if (running) running.splice(0, Infinity, ...places)
    else void this.#improve(topic, places)
  }

  async #improve(topic: Id, named: Place[] | undefined): Promise<void> {
    if (this.#running.has(topic) || this.#trees.get(topic)?.position.kind !== 'attached') return
    this.#running.set(topic, [])
    try {
      await this.#look(topic, named ?? (await this.#ask(topic, undefined)))
    } catch (error) {
      this.#around.drops.count(`place: ${codeOf(error)}`)
    } finally {
      this.#running.delete(topic)
    }
  }

  async #look(topic: Id, first: Place[]): Promise<void> {
    let places = first
    let answering: NodeId | undefined
    const asked = new Set<NodeId>()
    for (let step = 0; step < MAX_STEPS; step++) {
      const tree = this.#trees.get(topic)
      if (tree?.position.kind !== 'attached') return
      const wasPlaced = isPlaced(tree)
      const candidates = await this.#measure(tree, places)
      if (this.#trees.get(topic) !== tree) return
      this.#remember(tree, candidates)
      const best = candidates.find(({ hasRoom }) => hasRoom)
      if (best && this.#isBetter(tree, best) && (await this.#move(topic, tree, best))) return
      const handed = this.#running.get(topic)!.splice(0)
      if (handed.length > 0) {
        places = handed
        continue
      }
      // Now that it is known where this node is, whoever answered last can answer better.
      const isKnown = !wasPlaced && isPlaced(tree)
      const next = isKnown ? answering : this.#nextToAsk(tree, candidates, asked)
      if (next === undefined) return this.#tellSpot(topic, tree)
      places = await this.#ask(topic, next)
      answering = next
      asked.add(next)
    }
  }

  /** Whose children may be better than where this node is. */
  #nextToAsk(
    tree: TopicTree,
    candidates: readonly MeasuredPlace[],
    asked: ReadonlySet<NodeId>,
  ): NodeId | undefined {
    const isWorthIt = ({ record: { id }, costMs }: MeasuredPlace): boolean =>
      !asked.has(id) && (!isPlaced(tree) || costMs < this.#list.costMs(tree) - LEAST_GAIN_MS)
    return candidates.find(isWorthIt)?.record.id
  }

  #tellSpot(topic: Id, tree: TopicTree): void {
    if (tree.parent !== undefined) this.#say(topic, tree, tree.parent)
  }

  /** Of the root, or of that node. Errors: those of a request. */
  async #ask(topic: Id, whom: NodeId | undefined): Promise<Place[]> {
    const tree = this.#trees.get(topic)
    const spot = tree && isPlaced(tree) ? tree.spot : undefined
    const question = encodePlaceQuestion({ topic, isForSiblings: false, spot })
    const options = { timeoutMs: ASK_TIMEOUT_MS, isExact: whom !== undefined }
    const { payload } = await this.#routes.request(whom ?? topic, APPLICATION.place, question, options)
    return decodePlaces(new Reader(payload), this.#around)
  }

  /** Those of the places that a link leads to, the best first. */
  async #measure(tree: TopicTree, places: readonly Place[]): Promise<MeasuredPlace[]> {
    const others = places.filter(({ record }) => record.id !== this.#links.self.id)
    const wanted = others.slice(0, isPlaced(tree) ? MEASURED_TO_CHOOSE : MEASURED_TO_PLACE)
    // Those named last are drawn at random: by them one is placed better.
    if (isPlaced(tree)) wanted.push(...others.slice(MEASURED_TO_CHOOSE).slice(-DRAWN))
    const candidates = await measurePlaces(this.#around, this.#links, wanted)
    this.#place(tree, candidates)
    return candidates.sort((a, b) => costThrough(a) - costThrough(b))
  }

  #place(tree: TopicTree, candidates: readonly MeasuredPlace[]): void {
    const measured: Measured[] = candidates.flatMap(({ spot, rttMs }) => (spot ? [{ spot, rttMs }] : []))
    if (measured.length === 0) return
    tree.spot = fitSpot(measured, tree.spot, this.#around.random.unit())
    tree.placedBy = Math.max(tree.placedBy, measured.length)
  }

  #remember(tree: TopicTree, candidates: readonly MeasuredPlace[]): void {
    const ids = candidates.map(({ record }) => record.id)
    tree.spare = [...new Set([...ids, ...tree.spare])].slice(0, MAX_SPARE)
  }

  #isBetter(tree: TopicTree, candidate: MeasuredPlace): boolean {
    const nowMs = this.#list.costMs(tree)
    return costThrough(candidate) < Math.min(nowMs - LEAST_GAIN_MS, (1 - LEAST_GAIN_SHARE) * nowMs)
  }

  async #move(topic: Id, tree: TopicTree, { record: { id }, rttMs }: MeasuredPlace): Promise<boolean> {
    tree.wooed = id
    this.#say(topic, tree, id)
    await pause(this.#around.timers, 1.5 * rttMs + ANSWER_PATIENCE_MS)
    if (tree.wooed === id) tree.wooed = undefined
    return tree.parent === id
  }

  #say(topic: Id, tree: TopicTree, to: NodeId): void {
    this.#links.get(to)?.send(encodeSeek({ topic, spot: tree.spot, meanRttMs: this.#list.meanRttMs() }))
  }

  /** At once, where the parent is gone, to those that would do and seem to be there. True where there are such. */
  seekSpare(topic: Id, tree: TopicTree, lost: NodeId): boolean {
    const spare = tree.spare.filter((id) => id !== lost && this.#links.get(id)?.isOpen).slice(0, 2)
    tree.expectsParent ||= spare.length > 0
    for (const id of spare) this.#say(topic, tree, id)
    return spare.length > 0
  }
}

/** By so few that it may be anywhere on a circle, it is not said in a question. */
function isPlaced({ placedBy }: TopicTree): boolean {
  return placedBy >= LEAST_MEASURED
}

function costThrough({ costMs, rttMs }: MeasuredPlace): number {
  return costMs + rttMs / 2
}
