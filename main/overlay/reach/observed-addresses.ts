// Where the peers say they see this node, one word for each peer, for as long as its session stands and a little longer.
// What a peer in the Internet says of a private place is no news of ours: it is counted and left out.

import { type NodeId } from '../base/id.ts'
import { type AddressFamily, familyOf } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { type Link } from '../transport/links.ts'
import { agreedAddress, type Sighting, verdictOn } from './sightings.ts'

/** Chosen: what translators remember without traffic, at most (RFC 4787 REQ-5 recommends 5 minutes). */
const LIFE_MS = 300_000
/** Chosen: more peers than a node has links to; the oldest word goes. */
const MAX_OBSERVERS = 512

interface Word extends Sighting {
  readonly link: Link
  saidMs: number
}

/** What a word changes: nothing, or the port or the whole place at which one peer had seen us on the same session before. */
export type Observation = 'ignored' | 'first' | 'same' | 'moved'

export class ObservedAddresses {
  readonly #around: Surroundings
  readonly #words = new Map<NodeId, Word>()

  constructor(around: Surroundings) {
    this.#around = around
  }

  add(link: Link, address: Address): Observation {
    const observer = link.address
    if (!observer) return 'ignored'
    const verdict = verdictOn({ observer, address })
    if (verdict !== 'good') {
      if (verdict !== 'local') this.#around.drops.count(`observed address: ${verdict}`)
      return 'ignored'
    }
    const before = this.#words.get(link.peer.id)
    this.#words.delete(link.peer.id)
    this.#words.set(link.peer.id, { link, observer, address, saidMs: this.#around.clock.nowMs() })
    if (this.#words.size > MAX_OBSERVERS) this.#words.delete(this.#words.keys().next().value!)
    if (before?.link !== link) return 'first'
    return sameAddress(before.address, address) ? 'same' : 'moved'
  }

  /** On the addresses that the peers of one family see. */
  sightings(family: AddressFamily): Sighting[] {
    this.#forgetOld()
    return [...this.#words.values()].filter(({ address }) => familyOf(address.host) === family)
  }

  /** Those that peers of different owners agree on, the one most see first; a port alone is the last one heard of. */
  agreed(family: AddressFamily): Address | undefined {
    return agreedAddress(this.sightings(family))
  }

  /** The computer is elsewhere now. */
  clear(): void {
    this.#words.clear()
  }

  /** An open session would have told of a change; of one that is over nobody tells. */
  #forgetOld(): void {
    const nowMs = this.#around.clock.nowMs()
    for (const [id, word] of this.#words) {
      if (word.link.isOpen) word.saidMs = nowMs
      else if (nowMs - word.saidMs > LIFE_MS) this.#words.delete(id)
    }
  }
}
