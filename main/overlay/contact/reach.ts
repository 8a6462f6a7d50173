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
  readonly #book: Pick<AddressBook, 'find'>
  readonly #pending = new Map<NodeId, Promise<Link | undefined>>()

  constructor(
    around: Surroundings,
    parts: { links: Links; known: (id: NodeId) => DialTarget | undefined; book: Pick<AddressBook, 'find'> },
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
    return (
      (await this.#dialOnce(id, hint, tried)) ??
      (await this.#dialOnce(id, this.#known(id), tried)) ??
      (await this.#dialAsFound(id, tried))
    )
  }

  /** Each answer of the DHT is dialled as it comes: the second root's may be far, and is seldom another. */
  #dialAsFound(id: NodeId, tried: Set<string>): Promise<Link | undefined> {
    return new Promise((resolve) => {
      const dials: Promise<void>[] = []
      const dial = async (record: DialTarget): Promise<void> => {
        const link = await this.#dialOnce(id, record, tried)
        if (link) resolve(link)
      }
      const isSearched = this.#book.find(id, (record) => dials.push(dial(record)))
      void isSearched.then(() => Promise.all(dials)).then(() => resolve(undefined))
    })
  }

  /** Undefined as well where there is nothing to dial that was not dialled yet. */
  async #dialOnce(id: NodeId, target: DialTarget | undefined, tried: Set<string>): Promise<Link | undefined> {
    const text = target?.addresses.map(formatAddress).join() ?? ''
    if (!target || text === '' || tried.has(text)) return undefined
    tried.add(text)
    return this.#dial({ noiseKey: target.noiseKey, addresses: target.addresses, id })
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
