import { codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type DhtRecord } from '../api.ts'
import { BACKGROUND } from '../transport/urgency.ts'
import { encodeStore } from '../wire/dht-messages.ts'
import { type Peer } from './peers.ts'

/** Unacknowledged at a time on one link: 128 KiB at most, so that a thousand records do not delay what a person waits for. */
const MAX_UNACKNOWLEDGED = 8
/** As many as a neighbour waits for. */
const MAX_QUEUED = 8192
/** Replicas sent after an offer are not waited for. */
const NO_TOKEN = 0

interface Queue {
  peer: Peer
  /** By root index and key, so that asking twice costs nothing. */
  waiting: Set<string>
  unacknowledged: number
}

/** Sends neighbours the records they asked for: in their order, and no faster than they are acknowledged. */
export class Handovers {
  readonly #around: Surroundings
  readonly #read: (key: Id) => Promise<DhtRecord | undefined>
  readonly #onMissed: (peer: NodeId) => void
  readonly #queues = new LeanMap<NodeId, Queue>()

  constructor(
    around: Surroundings,
    read: (key: Id) => Promise<DhtRecord | undefined>,
    onMissed: (peer: NodeId) => void,
  ) {
    this.#around = around
    this.#read = read
    this.#onMissed = onMissed
  }

  add(peer: Peer, rootIndex: number, keys: readonly Id[]): void {
    const present = this.#queues.get(peer.id)
    const isSameWay = present?.peer.link === peer.link
    const queue = present && isSameWay ? present : { peer, waiting: new Set<string>(), unacknowledged: 0 }
    this.#queues.set(peer.id, queue)
    for (const key of keys)
      if (queue.waiting.size < MAX_QUEUED) queue.waiting.add(rootIndex + key)
      else this.#around.drops.count('want: too many')
    this.#pump(queue)
  }

  #pump(queue: Queue): void {
    for (const place of queue.waiting) {
      if (queue.unacknowledged >= MAX_UNACKNOWLEDGED) return
      queue.waiting.delete(place)
      queue.unacknowledged++
      void this.#send(queue, Number(place[0]), place.slice(1) as Id)
    }
    if (queue.unacknowledged === 0 && this.#queues.get(queue.peer.id) === queue)
      this.#queues.delete(queue.peer.id)
  }

  async #send(queue: Queue, rootIndex: number, key: Id): Promise<void> {
    const record = await this.#read(key).catch((error: unknown) => {
      this.#around.drops.count(`replica: ${codeOf(error)}`)
      return undefined
    })
    if (!record) return this.#settled(queue, true)
    const settled = (isDelivered: boolean) => this.#settled(queue, isDelivered)
    queue.peer.send(encodeStore(NO_TOKEN, { rootIndex, wantsReceipts: false, record }), settled, BACKGROUND)
  }

  #settled(queue: Queue, isDelivered: boolean): void {
    queue.unacknowledged--
    if (isDelivered) return this.#pump(queue)
    queue.waiting.clear()
    this.#onMissed(queue.peer.id)
    this.#pump(queue)
  }
}
