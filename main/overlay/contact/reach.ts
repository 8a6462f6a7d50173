// Getting a link to a node by its id, with all that is known of where it may be.

import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { formatAddress } from '../ports/datagram-socket.ts'
import { type DialTarget, type Link, type Links } from '../transport/links.ts'
import { type AddressBook } from './address-book.ts'

export class Reach {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #known: (id: NodeId) => DialTarget | undefined
  readonly #book: AddressBook
  readonly #pending = new Map<NodeId, Promise<Link | undefined>>()

  constructor(
    around: Surroundings,
    parts: { links: Links; known: (id: NodeId) => DialTarget | undefined; book: AddressBook },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#known = parts.known
    this.#book = parts.book
  }

  /** Tries the hint, the record known from the ring, and the record published in the DHT, each address list once. */
  link(id: NodeId, hint?: DialTarget): Promise<Link | undefined> {
    const present = this.#links.get(id)
    if (present?.isOpen) return Promise.resolve(present)
    let pending = this.#pending.get(id)
    if (!pending) {
      pending = this.#search(id, hint).finally(() => this.#pending.delete(id))
      this.#pending.set(id, pending)
    }
    return pending
  }

  async #search(id: NodeId, hint: DialTarget | undefined): Promise<Link | undefined> {
    const tried = new Set<string>()
    for (const source of [() => hint, () => this.#known(id), () => this.#book.find(id)]) {
      const target = await source()
      const text = target?.addresses.map(formatAddress).join() ?? ''
      if (!target || text === '' || tried.has(text)) continue
      tried.add(text)
      const link = await this.#dial({ noiseKey: target.noiseKey, addresses: target.addresses, id })
      if (link) return link
    }
    return undefined
  }

  async #dial(target: DialTarget): Promise<Link | undefined> {
    try {
      return await this.#links.dial(target)
    } catch (error) {
      this.#around.drops.count(`contact dial: ${codeOf(error)}`)
      return undefined
    }
  }
}
