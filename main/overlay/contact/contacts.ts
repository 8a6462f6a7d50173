// Keeps a session with each node one wants to stay in touch with.
//
//   up ──link down──> waiting 2 s ──> dialling ──failed──> waiting, twice as long, up to 60 s ──> dialling ...
//    ^                                    │
//    └───── link up, whoever dialled ─────┘
//
// A contact that comes online dials us as we dial it, so whichever of the two can be reached is enough.

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type DialTarget, type Links } from '../transport/links.ts'
import { type Reach } from './reach.ts'

type State = { kind: 'up' } | { kind: 'waiting'; timer: Timer } | { kind: 'dialling' }

interface Contact {
  hint: DialTarget | undefined
  failures: number
  state: State
}

const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 60_000

export class Contacts {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #reach: Reach
  readonly #onUp: (id: NodeId) => void
  readonly #onDown: (id: NodeId) => void
  readonly #contacts = new Map<NodeId, Contact>()
  #isRunning = false

  constructor(
    around: Surroundings,
    parts: { links: Links; reach: Reach; onUp: (id: NodeId) => void; onDown: (id: NodeId) => void },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#reach = parts.reach
    this.#onUp = parts.onUp
    this.#onDown = parts.onDown
  }

  start(): void {
    this.#isRunning = true
    for (const [id, contact] of this.#contacts) this.#begin(id, contact)
  }

  stop(): void {
    this.#isRunning = false
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
      if (hint && present.state.kind === 'waiting') this.#begin(id, present)
      return
    }
    const contact: Contact = { hint, failures: 0, state: { kind: 'dialling' } }
    this.#contacts.set(id, contact)
    if (this.#isRunning) this.#begin(id, contact)
  }

  forget(id: NodeId): void {
    const contact = this.#contacts.get(id)
    if (contact?.state.kind === 'waiting') contact.state.timer.cancel()
    this.#contacts.delete(id)
  }

  linkUp(id: NodeId): void {
    const contact = this.#contacts.get(id)
    if (!contact || contact.state.kind === 'up') return
    if (contact.state.kind === 'waiting') contact.state.timer.cancel()
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

  #begin(id: NodeId, contact: Contact): void {
    if (this.#links.get(id)?.isOpen) return this.linkUp(id)
    if (contact.state.kind === 'waiting') contact.state.timer.cancel()
    contact.state = { kind: 'dialling' }
    void this.#reach.link(id, contact.hint).then((link) => {
      if (this.#contacts.get(id) !== contact || contact.state.kind !== 'dialling') return
      if (link?.isOpen) return this.linkUp(id)
      contact.failures++
      this.#wait(id, contact)
    })
  }

  #wait(id: NodeId, contact: Contact): void {
    if (!this.#isRunning) return
    const baseMs = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, contact.failures - 1), LONGEST_RETRY_MS)
    const delayMs = baseMs * (0.75 + 0.5 * this.#around.random.unit())
    contact.state = {
      kind: 'waiting',
      timer: this.#around.timers.after(delayMs, () => this.#begin(id, contact)),
    }
  }
}
