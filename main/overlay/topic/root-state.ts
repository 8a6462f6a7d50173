// What a topic's root has its nearest ring neighbours keep, so that the one that follows it begins where it ended: the
// children, for that one to tell them at once, and each publication, for those who would miss it.
//
// An heir keeps what one sender says per topic, the last word, and believes it where that sender is closer to the topic than
// itself. When the root is gone it is the root, by its leaf set; the children are told to look after their parent, find it silent, and
// subscribe anew: nobody takes a parent unasked. They would notice by themselves, but with the next heartbeat only.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes } from '../base/bytes.ts'
import { compareDistance, type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Neighbourhood } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { encodeHandOn } from '../wire/topic-placement.ts'
import { decodeRootState, encodeRootState, MAX_LISTED_CHILDREN } from '../wire/topic-upkeep.ts'
import { type TopicTree } from './topic-tree.ts'

/** Of the ring's nodes closest to the topic, besides the root: both would have to die with it. */
const HEIRS = 2
/** Changes of the children are told together. */
const TELL_AFTER_MS = 2000
/** Topics of others: as many as a node is root of, on the average, a few times over. */
const MAX_INHERITED = 1024
/** Calls to addresses that somebody named, for one root that is gone. */
const MAX_ROUSED = 64

interface Inheritance {
  from: NodeId
  children: PeerRecord[]
}

export class RootState {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #ring: Neighbourhood
  readonly #trees: ReadonlyMap<Id, TopicTree>
  readonly #inherited = new BoundedMap<Id, Inheritance>(MAX_INHERITED)
  /** What each heir was last told, per topic. */
  readonly #told = new LeanMap<Id, string>()
  readonly #due = new LeanSet<Id>()

  constructor(
    around: Surroundings,
    parts: { links: Links; ring: Neighbourhood; trees: ReadonlyMap<Id, TopicTree> },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#ring = parts.ring
    this.#trees = parts.trees
  }

  /** Its children, or its neighbours on the ring, are not what they were. */
  changed(topic: Id): void {
    if (this.#due.has(topic) || this.#trees.get(topic)?.position.kind !== 'root') return
    this.#due.add(topic)
    this.#around.timers.after(TELL_AFTER_MS, () => {
      this.#due.delete(topic)
      this.#tell(topic)
    })
  }

  allChanged(): void {
    for (const topic of this.#trees.keys()) this.changed(topic)
  }

  keep(topic: Id, publication: Bytes): void {
    for (const heir of this.#heirs(topic)) heir.send(publication)
  }

  /** From a root that this node knows to be closer. */
  isFrom(topic: Id, from: NodeId): boolean {
    return this.#inherited.get(topic)?.from === from
  }

  onRootState(link: Link, body: Reader): void {
    const { topic, children } = decodeRootState(body, this.#around)
    const from = link.peer.id
    if (!this.#ring.covers(topic) || compareDistance(topic, from, this.#links.self.id) > 0)
      return this.#around.drops.count('topic: state of no root')
    this.#inherited.set(topic, { from, children })
  }

  /** The one it was kept for is gone. */
  rootLost(root: NodeId): void {
    const children: [Id, PeerRecord][] = []
    for (const topic of [...this.#inherited.keys()]) {
      const inherited = this.#inherited.get(topic)!
      if (inherited.from !== root) continue
      this.#inherited.delete(topic)
      if (this.#ring.isRoot(topic)) for (const child of inherited.children) children.push([topic, child])
    }
    for (const [topic, child] of children.slice(0, MAX_ROUSED)) void this.#rouse(topic, child)
  }

  async #rouse(topic: Id, child: PeerRecord): Promise<void> {
    if (child.id === this.#links.self.id) return
    const link = this.#links.get(child.id) ?? (await this.#links.dial(child).catch(() => undefined))
    link?.send(encodeHandOn(topic, []))
  }

  #tell(topic: Id): void {
    const tree = this.#trees.get(topic)
    if (tree?.position.kind !== 'root') return void this.#told.delete(topic)
    const children = this.#mostImportant(tree)
    const heirs = this.#heirs(topic)
    const told = [...heirs.map(({ peer }) => peer.id), '', ...children.map(({ id }) => id)].join()
    if (told === this.#told.get(topic)) return
    this.#told.set(topic, told)
    for (const heir of heirs) heir.send(encodeRootState(topic, children))
  }

  /** The core first: nearly all hang below it. */
  #mostImportant(tree: TopicTree): PeerRecord[] {
    const members = (id: NodeId): number => tree.children.get(id)?.counts?.members ?? 0
    return [...tree.children.keys()]
      .sort((a, b) => members(b) - members(a))
      .slice(0, MAX_LISTED_CHILDREN)
      .flatMap((id) => this.#links.get(id)?.peer ?? [])
  }

  #heirs(topic: Id): Link[] {
    return this.#ring
      .closest(topic, HEIRS + 1)
      .filter((id) => id !== this.#links.self.id)
      .slice(0, HEIRS)
      .flatMap((id) => this.#links.get(id) ?? [])
  }
}
