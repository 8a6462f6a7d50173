import { concat, utf8 } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Store } from '../ports/store.ts'
import { type DialTarget } from '../transport/links.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { readRecords, writeRecords } from '../wire/leaf-messages.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

const KEY = utf8('overlay/peers')
/** Half of a node's peers are gone within hours; of 50 some will answer tomorrow. */
const MAX_REMEMBERED = 50
/** Soon, for programs that are closed again at once. */
const FIRST_SAVE_MS = 5000
const SAVE_PERIOD_MS = 60_000

/** The peers of the last run, to find the network again without a bootstrap list. */
export class RememberedPeers {
  readonly #around: Surroundings
  readonly #store: Store
  readonly #current: () => PeerRecord[]
  /** Ids in order, so that nothing is written where nothing changed. */
  #saved: readonly NodeId[] = []

  constructor(around: Surroundings, store: Store, current: () => PeerRecord[]) {
    this.#around = around
    this.#store = store
    this.#current = current
  }

  start(): void {
    this.#around.timers.after(FIRST_SAVE_MS, () => void this.save())
    this.#around.timers.every(
      () => SAVE_PERIOD_MS,
      () => void this.save(),
    )
  }

  async load(): Promise<DialTarget[]> {
    try {
      const bytes = await this.#store.get(KEY)
      return bytes ? readRecords(new Reader(bytes), this.#around) : []
    } catch (error) {
      this.#around.drops.count(`remembered peers: ${codeOf(error)}`)
      return []
    }
  }

  /** Nobody known now does not mean that nobody was: the last list stays. */
  async save(): Promise<void> {
    const peers = this.#current().slice(0, MAX_REMEMBERED)
    const ids = peers.map((peer) => peer.id).sort()
    if (peers.length === 0 || ids.join() === this.#saved.join()) return
    const writer = new Writer(8192)
    writeRecords(writer, peers)
    try {
      await this.#store.write([{ type: 'put', key: concat(KEY), value: writer.finish() }])
      this.#saved = ids
    } catch (error) {
      this.#around.drops.count(`remembered peers: ${codeOf(error)}`)
    }
  }
}
