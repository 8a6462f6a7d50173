// What a hostile node sends unasked, once the attack has begun: bursts at one neighbour, far above the rates that it admits, and
// old messages of others, to whomever. Both bounded, for the simulation's sake.

import { Writer } from '../../main/overlay/wire/codec.ts'
import { encodeAsk, encodeStore } from '../../main/overlay/wire/dht-messages.ts'
import { idFromBytes, ID_BYTES } from '../../main/overlay/base/id.ts'
import { type DhtRecord } from '../../main/overlay/api.ts'
import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { type WorldLink } from '../world/world-link.ts'
import { type WorldLinks } from '../world/world-links.ts'
import { type Colluders } from './colluders.ts'

const PERIOD_MS = 120_000
/** Of each kind; a link's budget in the DHT is 1,000 at once and 50 a second. */
const BURST = 1200
const JUNK_BYTES = 32
/** Different records in a burst: what is kept of it is upkeep for all, in the simulation as outside. */
const JUNK_RECORDS = 8
/** Of a burst. */
const NONSENSE = 50
/** Of the last of those that came from others; a replayed request may be new to whom it is sent. */
const REMEMBERED = 200
const REPLAYED = 20

export class Harassment {
  readonly #colluders: Colluders
  readonly #links: WorldLinks
  readonly #remembered: Uint8Array[] = []

  constructor(colluders: Colluders, links: WorldLinks) {
    this.#colluders = colluders
    this.#links = links
  }

  remember(message: Uint8Array): void {
    if (!this.#colluders.behaviours.has('replay')) return
    this.#remembered.push(message)
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift()
  }

  /** At a moment of its own within the period, and again each period. */
  start(): void {
    const { queue } = this.#links.network
    const again = (): void => {
      this.#replay()
      this.#flood()
      queue.at(queue.nowMs + PERIOD_MS, again)
    }
    queue.at(queue.nowMs + PERIOD_MS * this.#colluders.random.unit(), again)
  }

  #replay(): void {
    if (!this.#colluders.behaviours.has('replay')) return
    for (let i = 0; i < REPLAYED; i++) {
      const message = this.#colluders.pick(this.#remembered)
      const victim = this.#victim()
      if (!message || !victim) return
      this.#colluders.did('replay')
      victim.send(message)
    }
  }

  #flood(): void {
    const victim = this.#colluders.behaviours.has('flood') ? this.#victim() : undefined
    if (!victim) return
    const expiresAtMs = this.#colluders.junkExpiresAtMs
    const junk = Array.from({ length: JUNK_RECORDS }, () => this.#colluders.bytes(JUNK_BYTES))
    const key = idFromBytes(this.#colluders.bytes(ID_BYTES))
    const say = (message: Uint8Array): void => {
      this.#colluders.did('flood')
      victim.send(message)
    }
    for (let i = 0; i < BURST; i++) {
      say(encodeAsk(i + 1, key))
      const record: DhtRecord = { kind: 'immutable', value: junk[i % JUNK_RECORDS]!, expiresAtMs }
      say(encodeStore(i + 1, { rootIndex: i % 2, wantsReceipts: true, record }))
    }
    for (let i = 0; i < NONSENSE; i++) say(this.#nonsense())
  }

  /** A message that does not parse. */
  #nonsense(): Bytes {
    return new Writer(JUNK_BYTES + 1).u8(MESSAGE.leafHints).bytes(this.#colluders.bytes(JUNK_BYTES)).finish()
  }

  #victim(): WorldLink | undefined {
    return this.#colluders.pick(this.#links.all().filter(({ peer }) => !this.#colluders.has(peer.id)))
  }
}
