// A session that has moved from a circuit to a direct path has the circuit to go back to for as long as the volunteer keeps it,
// which is minutes. When the path dies later, a new circuit is asked for while the session still lives: it is given up
// after 3 s of silence, and whoever speaks then would wait for a dial.
//
//   direct, once relayed --something sent, nothing heard--> doubtful --still nothing--> circuit asked for --> tried, and moved to
//          ^                                                   |
//          '----------------- anything heard ------------------'

import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { type Link, type StreamLink } from '../transport/links.ts'

export interface RetreatingParts {
  /** A way to the peer through some volunteer. Errors: those of a circuit. */
  newCircuit(id: NodeId): Promise<Address>
  closeCircuit(address: Address): void
}

/** Chosen: a look at a link's counters takes a microsecond, and only links that were relayed are looked at. */
const LOOK_MS = 250
/** Chosen: so long without a word after something was sent; an ack takes a round trip and some milliseconds. */
const SILENT_ROUND_TRIPS = 4
const LEAST_SILENT_MS = 500
/** By then the session has moved to the circuit, or is given up. */
const TRIED_MS = 5_000
/** Chosen: more than a person talks to; those relayed longest ago go. */
const MAX_RELAYED = 256

interface Watched {
  readonly link: Link
  /** As many packets had come, when something was under way for the first time since. */
  receivedPackets: number
  sinceMs: number | undefined
  isAsked: boolean
}

export class Retreating {
  readonly #around: Surroundings
  readonly #parts: RetreatingParts
  readonly #relayed = new BoundedMap<NodeId, Watched>(MAX_RELAYED)

  constructor(around: Surroundings, parts: RetreatingParts) {
    this.#around = around
    this.#parts = parts
  }

  start(): void {
    this.#around.timers.every(
      () => LOOK_MS,
      () => this.#look(),
    )
  }

  /** This link runs through a volunteer now. */
  relayed(link: Link): void {
    if (this.#relayed.get(link.peer.id)?.link === link) return
    const { receivedPackets } = link.traffic
    this.#relayed.set(link.peer.id, { link, receivedPackets, sinceMs: undefined, isAsked: false })
  }

  linkDown(id: NodeId): void {
    this.#relayed.delete(id)
  }

  #look(): void {
    for (const id of this.#relayed.keys()) {
      const watched = this.#relayed.get(id)!
      const { link } = watched
      if (link.isOpen && !isOverCircuit(link) && this.#isSilent(watched)) void this.#retreat(id, watched)
    }
  }

  #isSilent(watched: Watched): boolean {
    const { link, receivedPackets, sinceMs } = watched
    const nowMs = this.#around.clock.nowMs()
    const isAnswered = link.traffic.receivedPackets !== receivedPackets
    watched.receivedPackets = link.traffic.receivedPackets
    if (isAnswered || link.figures?.bytesInFlight === 0) {
      watched.sinceMs = undefined
      watched.isAsked = false
      return false
    }
    watched.sinceMs ??= nowMs
    const silentMs = Math.max(SILENT_ROUND_TRIPS * link.rttMs, LEAST_SILENT_MS)
    return sinceMs !== undefined && nowMs - sinceMs >= silentMs && !watched.isAsked
  }

  async #retreat(id: NodeId, watched: Watched): Promise<void> {
    const { link } = watched
    watched.isAsked = true
    try {
      const circuit = await this.#parts.newCircuit(id)
      if (!link.isOpen) return this.#parts.closeCircuit(circuit)
      ;(link as StreamLink).tryPaths([circuit], true)
      this.#around.timers.after(TRIED_MS, () => {
        if (link.address?.host !== circuit.host) this.#parts.closeCircuit(circuit)
      })
    } catch {
      this.#around.drops.count('retreat: no circuit') // the session ends, and is dialled anew
    }
  }
}

function isOverCircuit({ address }: Link): boolean {
  return address !== undefined && isCircuit(address)
}
