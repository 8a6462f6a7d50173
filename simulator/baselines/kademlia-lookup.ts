// Kademlia's iterative lookup (§2.3): of the k nearest candidates known so far the nearest not yet asked are asked, alpha
// at a time, and name the k nearest they know. One who does not answer in time is left out until he does. It ends when
// the k nearest have all answered, or, where a certain node is looked for, as soon as anybody names it.

import { BUCKET_SIZE } from './kademlia-table.ts'

/** The paper's alpha. */
const PARALLEL = 3

interface Candidate {
  host: number
  distance: number
  /** Requests it took to learn of it: 0 for the asker's own contacts. */
  depth: number
  state: 'new' | 'asked' | 'silent' | 'answered'
}

export interface LookupParts {
  distanceOf(host: number): number
  /** Sends a request; one of the two is called, or `silent` and later `answered`. */
  ask(host: number, answered: (contacts: readonly number[]) => void, silent: () => void): void
  /** The node looked for, if it is a node, was named after so many steps; called once. */
  found(depth: number): void
}

export class KademliaLookup {
  readonly #parts: LookupParts
  /** Nobody, where the lookup only refreshes a bucket. */
  readonly #wanted: number | undefined
  readonly #candidates = new Map<number, Candidate>()
  readonly #inOrder: Candidate[] = []
  #inFlight = 0
  #isOver = false

  constructor(parts: LookupParts, self: number, wanted?: number) {
    this.#parts = parts
    this.#wanted = wanted
    this.#candidates.set(self, { host: self, distance: 0, depth: 0, state: 'answered' })
  }

  start(contacts: readonly number[]): void {
    this.#learn(contacts, 0)
    this.#advance()
  }

  #learn(contacts: readonly number[], depth: number): void {
    for (const host of contacts) {
      if (this.#isOver || this.#candidates.has(host)) continue
      if (host === this.#wanted) {
        this.#isOver = true
        return this.#parts.found(depth)
      }
      const candidate: Candidate = { host, distance: this.#parts.distanceOf(host), depth, state: 'new' }
      this.#candidates.set(host, candidate)
      this.#inOrder.push(candidate)
    }
    this.#inOrder.sort((a, b) => a.distance - b.distance)
  }

  #advance(): void {
    while (!this.#isOver && this.#inFlight < PARALLEL) {
      const nearest = this.#inOrder.filter(({ state }) => state !== 'silent').slice(0, BUCKET_SIZE)
      const next = nearest.find(({ state }) => state === 'new')
      if (!next) break
      this.#ask(next)
    }
  }

  #ask(candidate: Candidate): void {
    candidate.state = 'asked'
    this.#inFlight++
    this.#parts.ask(
      candidate.host,
      (contacts) => {
        if (candidate.state === 'asked') this.#inFlight--
        candidate.state = 'answered'
        this.#learn(contacts, candidate.depth + 1)
        this.#advance()
      },
      () => {
        candidate.state = 'silent'
        this.#inFlight--
        this.#advance()
      },
    )
  }
}
