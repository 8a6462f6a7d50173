// Sessions that run through a volunteer are moved to a direct path as soon as one is found: both ends tell each other over the
// session where they may be tried, and try at the same time (transport/path-trials.ts). What was in vain is tried again, more
// and more seldom, and at once when this computer's own addresses have changed. The circuit is the
// path to go back to for as long as the volunteer keeps it (minutes); later there is retreating.ts.
//
//   up over a circuit --candidates--> trying --a path answers--> direct
//          ^                            |                          |
//          '------- 2 s, 8 s, ... ------'<---the path dies---------'

import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { isTriable } from '../base/triable.ts'
import { type Address, formatAddress, isCircuit } from '../ports/datagram-socket.ts'
import { type Link, type Links, type StreamLink } from '../transport/links.ts'
import {
  type Candidates,
  addressesOf,
  decodeCandidatesMessage,
  encodeCandidatesMessage,
  triableWith,
} from '../wire/candidates.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PortSearch } from './port-search.ts'
import { type Retreating } from './retreating.ts'

export interface UpgradingParts {
  links: Links
  candidates(): Promise<Candidates>
  /** Where a peer has said that it may be tried. */
  onNamed(id: NodeId, addresses: readonly Address[]): void
  retreating: Retreating
  /** For those that nothing else joins. */
  portSearch: PortSearch
}

/** Chosen: a node that has just started knows after some 1.5 s what it is behind; later NATs do not change their minds, but computers change networks. */
const FIRST_PAUSE_MS = 2_000
const PAUSE_FACTOR = 4
const MAX_PAUSE_MS = 1_800_000
/** Asking the links where they run costs nothing. */
const LOOK_MS = 1_000
/** What a peer may make us try; the bytes are bounded by the session itself. */
const TRIALS_BURST = 5
const TRIALS_PER_SECOND = 0.1

interface Waiting {
  pauseMs: number
  nextMs: number
  /** What the peer was told last. */
  told?: Candidates
}

export class Upgrading {
  readonly #around: Surroundings
  readonly #parts: UpgradingParts
  readonly #budgets: PeerBudgets
  readonly #waiting = new Map<NodeId, Waiting>()
  #ownAddresses = ''

  constructor(around: Surroundings, parts: UpgradingParts) {
    this.#around = around
    this.#parts = parts
    this.#budgets = new PeerBudgets(around.clock, TRIALS_BURST, TRIALS_PER_SECOND)
  }

  start(): void {
    this.#parts.retreating.start()
    this.#around.timers.every(
      () => LOOK_MS,
      () => this.#look(),
    )
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.candidates, (link, body) => this.#onCandidates(link, body)],
      ...this.#parts.portSearch.handlers(),
    ]
  }

  linkUp(link: Link): void {
    this.#waiting.delete(link.peer.id)
    if (!isOverCircuit(link)) return
    this.#parts.retreating.relayed(link)
    this.#consider(link)
  }

  linkDown(id: NodeId): void {
    this.#waiting.delete(id)
    this.#parts.portSearch.linkDown(id)
    this.#parts.retreating.linkDown(id)
  }

  #look(): void {
    const text = this.#parts.links.self.addresses.map(formatAddress).join()
    if (text !== this.#ownAddresses) this.#waiting.clear()
    this.#ownAddresses = text
    for (const link of this.#parts.links.all()) {
      if (!isOverCircuit(link)) continue
      this.#parts.retreating.relayed(link)
      this.#consider(link)
      this.#parts.portSearch.relayed(link)
    }
  }

  /** One of the two begins, so that they do not begin twice. */
  #consider(link: StreamLink): void {
    const { id } = link.peer
    if (this.#parts.links.self.id > id) return
    const nowMs = this.#around.clock.nowMs()
    const waiting = this.#waiting.get(id)
    if (waiting && nowMs < waiting.nextMs) return
    const pauseMs = waiting ? Math.min(PAUSE_FACTOR * waiting.pauseMs, MAX_PAUSE_MS) : FIRST_PAUSE_MS
    const next: Waiting = { pauseMs, nextMs: nowMs + pauseMs }
    this.#waiting.set(id, next)
    void this.#tell(link, false).then((own) => (next.told = own))
  }

  async #tell(link: Link, isAnswer: boolean): Promise<Candidates> {
    const own = await this.#parts.candidates()
    link.send(encodeCandidatesMessage(own, isAnswer))
    return own
  }

  #onCandidates(link: Link, body: Reader): void {
    const { candidates, isAnswer } = decodeCandidatesMessage(body)
    if (!isOverCircuit(link)) return this.#around.drops.count('candidates: the path is direct')
    if (!this.#budgets.admits(link.peer.id)) return this.#around.drops.count('candidates: too many')
    this.#parts.onNamed(link.peer.id, candidates.addresses)
    const own = this.#parts.links.self.addresses.map(({ host }) => host)
    const attempt = (told: Candidates): void => {
      const triable = addressesOf(triableWith(told, candidates))
      link.tryPaths(triable.filter((address) => isTriable(address, own)))
    }
    if (isAnswer) attempt(this.#waiting.get(link.peer.id)?.told ?? { addresses: [] })
    // What we forecast holds for the first packets after it.
    else void this.#tell(link, true).then(attempt)
  }
}

function isOverCircuit(link: Link): link is StreamLink {
  return link.isOpen && link.address !== undefined && isCircuit(link.address) && 'tryPaths' in link
}
