// Keeps a session with each node one wants to stay in touch with.
//
//   up ──link down──> waiting 2 s ──> queued ──> searching ──failed──> waiting, twice as long, up to 20 min ──> queued ...
//    ^                                               │
//    └────────── link up, whoever dialled ───────────┘
//
// A contact that comes online looks for us as we look for it, so whichever of the two can be reached is enough, and those
// who are away for long need not be asked often. Most contacts of most people are away, and a search costs some 20
// packets: so a few searches at a time, whoever failed least first, and repeated ones only as fast as a budget allows.
// Where our own addresses changed or we joined again, nobody can know yet where we are: everybody counts as new then.

import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { LeanSet } from '../base/lean-set.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Timer } from '../ports/clock.ts'
import { formatAddress } from '../ports/datagram-socket.ts'
import { type DialTarget, type Links } from '../transport/links.ts'
import { type PeerSearch } from './peer-search.ts'

type State = { kind: 'up' } | { kind: 'waiting'; timer: Timer } | { kind: 'queued' } | { kind: 'searching' }

interface Contact {
  hint: DialTarget | undefined
  failures: number
  state: State
}

const FIRST_RETRY_MS = 2000
/** Whoever returns dials us. This is for those who cannot, as only we can reach them and not they us. */
const LONGEST_RETRY_MS = 20 * 60_000
/** A search in vain takes some 5 s and a packet or two each second to each address. */
const MAX_SEARCHES = 8
/** The repeated searches of a few contacts at once; of hundreds one each 20 s, about a packet a second. */
const RETRY_BURST = 16
const RETRY_PERIOD_MS = 20_000
/** Asking the transport for its own addresses costs nothing. */
const LOOK_PERIOD_MS = 15_000

export class Contacts {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #peers: PeerSearch
  readonly #onUp: (id: NodeId) => void
  readonly #onDown: (id: NodeId) => void
  readonly #contacts = new LeanMap<NodeId, Contact>()
  readonly #queue = new LeanSet<NodeId>()
  readonly #retries: TokenBucket
  #searches = 0
  #budgetTimer: Timer | undefined
  #ownAddresses = ''
  #isRunning = false

  constructor(
    around: Surroundings,
    parts: { links: Links; search: PeerSearch; onUp: (id: NodeId) => void; onDown: (id: NodeId) => void },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#peers = parts.search
    this.#onUp = parts.onUp
    this.#onDown = parts.onDown
    this.#retries = new TokenBucket(RETRY_BURST, 1000 / RETRY_PERIOD_MS, around.clock.nowMs())
  }

  start(): void {
    this.#isRunning = true
    this.#ownAddresses = this.#addressText()
    this.#around.timers.every(
      () => LOOK_PERIOD_MS,
      () => this.#lookAtAddresses(),
    )
    for (const [id, contact] of this.#contacts) this.#enqueue(id, contact)
    this.#pump()
  }

  stop(): void {
    this.#isRunning = false
  }

  /** What failed before says nothing any more: another address, or a ring that knows where others are. */
  retryAll(): void {
    for (const [id, contact] of this.#contacts) {
      contact.failures = 0
      if (contact.state.kind === 'waiting') this.#enqueue(id, contact)
    }
    this.#pump()
  }

  hintFor(id: NodeId): DialTarget | undefined {
    return this.#contacts.get(id)?.hint
  }

  has(id: NodeId): boolean {
    return this.#contacts.has(id)
  }

  keep(id: NodeId, hint: DialTarget | undefined): void {
    const present = this.#contacts.get(id)
    if (present) {
      present.hint = hint ?? present.hint
      if (!hint) return
      present.failures = 0
      if (present.state.kind === 'waiting') this.#enqueue(id, present)
      return this.#pump()
    }
    const contact: Contact = { hint, failures: 0, state: { kind: 'queued' } }
    this.#contacts.set(id, contact)
    this.#enqueue(id, contact)
    this.#pump()
  }

  forget(id: NodeId): void {
    const contact = this.#contacts.get(id)
    if (contact?.state.kind === 'waiting') contact.state.timer.cancel()
    this.#queue.delete(id)
    this.#contacts.delete(id)
  }

  linkUp(id: NodeId): void {
    const contact = this.#contacts.get(id)
    if (!contact || contact.state.kind === 'up') return
    if (contact.state.kind === 'waiting') contact.state.timer.cancel()
    this.#queue.delete(id)
    contact.failures = 0
    contact.state = { kind: 'up' }
    this.#onUp(id)
  }

  linkDown(id: NodeId): void {
    const contact = this.#contacts.get(id)
    if (!contact || contact.state.kind !== 'up') return
    this.#wait(id, contact)
    this.#onDown(id)
  }

  #enqueue(id: NodeId, contact: Contact): void {
    if (!this.#isRunning) return
    if (this.#links.get(id)?.isOpen) return this.linkUp(id)
    if (contact.state.kind === 'waiting') contact.state.timer.cancel()
    contact.state = { kind: 'queued' }
    this.#queue.add(id)
  }

  #pump(): void {
    while (this.#isRunning && this.#searches < MAX_SEARCHES) {
      const id = this.#next()
      const contact = id && this.#contacts.get(id)
      if (!contact) return
      if (contact.failures > 0 && !this.#retries.take(1, this.#around.clock.nowMs())) return this.#pumpLater()
      this.#queue.delete(id)
      void this.#search(id, contact)
    }
  }

  /** Of those who failed least, whoever has waited longest: one just added goes before those long away. */
  #next(): NodeId | undefined {
    let next: NodeId | undefined
    let fewest = Infinity
    for (const id of this.#queue) {
      const { failures } = this.#contacts.get(id)!
      if (failures < fewest) [next, fewest] = [id, failures]
    }
    return next
  }

  #pumpLater(): void {
    this.#budgetTimer ??= this.#around.timers.after(RETRY_PERIOD_MS, () => {
      this.#budgetTimer = undefined
      this.#pump()
    })
  }

  async #search(id: NodeId, contact: Contact): Promise<void> {
    contact.state = { kind: 'searching' }
    this.#searches++
    const link = await this.#peers.link(id, contact.hint)
    this.#searches--
    if (this.#contacts.get(id) === contact && contact.state.kind === 'searching') {
      if (link?.isOpen) this.linkUp(id)
      else this.#failed(id, contact)
    }
    this.#pump()
  }

  #failed(id: NodeId, contact: Contact): void {
    contact.failures++
    this.#wait(id, contact)
  }

  #wait(id: NodeId, contact: Contact): void {
    if (!this.#isRunning) return
    const baseMs = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, contact.failures - 1), LONGEST_RETRY_MS)
    const delayMs = baseMs * (0.75 + 0.5 * this.#around.random.unit())
    const timer = this.#around.timers.after(delayMs, () => {
      this.#enqueue(id, contact)
      this.#pump()
    })
    contact.state = { kind: 'waiting', timer }
  }

  #lookAtAddresses(): void {
    const text = this.#addressText()
    if (text === this.#ownAddresses) return
    this.#ownAddresses = text
    this.retryAll()
  }

  #addressText(): string {
    return this.#links.self.addresses.map(formatAddress).join()
  }
}
