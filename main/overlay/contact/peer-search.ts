// Getting a link to a node by its id, with all that is known of where it may be: the hint and the record known from the ring at
// once, and where they do not lead to it soon, what it has published in the DHT. What comes later joins the dial that is under way.

import { codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { inTime } from '../base/in-time.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { formatAddress } from '../ports/datagram-socket.ts'
import { type DialTarget, type Link, type Links } from '../transport/links.ts'
import { type AddressBook } from './address-book.ts'

/** Chosen: a known address that is still true has answered by then, as a rule, and spares the network two look-ups. */
const HEAD_START_MS = 150

export interface PeerSearchParts {
  links: Links
  known: (id: NodeId) => DialTarget | undefined
  book: Pick<AddressBook, 'find'>
}

export class PeerSearch {
  readonly #around: Surroundings
  readonly #parts: PeerSearchParts
  readonly #pending = new LeanMap<NodeId, Promise<Link | undefined>>()

  constructor(around: Surroundings, parts: PeerSearchParts) {
    this.#around = around
    this.#parts = parts
  }

  /**
   * Undefined where it cannot be reached; each list of addresses is tried once. Where the book is not to be read it is dialled where
   * it is known to be, and not looked for. A search under way is joined as it is.
   */
  link(id: NodeId, hint?: DialTarget, readsBook = true): Promise<Link | undefined> {
    const present = this.#parts.links.get(id)
    if (present?.isOpen) return Promise.resolve(present)
    let pending = this.#pending.get(id)
    if (!pending) {
      pending = this.#search(id, hint, readsBook).finally(() => this.#pending.delete(id))
      this.#pending.set(id, pending)
    }
    return pending
  }

  #search(id: NodeId, hint: DialTarget | undefined, readsBook: boolean): Promise<Link | undefined> {
    const tried = new Set<string>()
    const attempts: Promise<unknown>[] = []
    return new Promise((resolve) => {
      const dial = (target: DialTarget | undefined): void => {
        const attempt = this.#dialOnce(id, target, tried)
        if (attempt) attempts.push(attempt.then((link) => link && resolve(link)))
      }
      dial(hint)
      dial(this.#parts.known(id))
      // For the head start, or until it is known to be in vain.
      const early = attempts.length > 0 && inTime(this.#around.timers, HEAD_START_MS, Promise.all(attempts))
      const search = async (): Promise<void> => {
        await early
        if (this.#parts.links.get(id)?.isOpen) return
        if (readsBook) await this.#parts.book.find(id, dial)
        await Promise.all(attempts)
      }
      void search().then(() => resolve(undefined))
    })
  }

  /** Undefined where there is nothing to dial that was not dialled yet. */
  #dialOnce(
    id: NodeId,
    target: DialTarget | undefined,
    tried: Set<string>,
  ): Promise<Link | undefined> | undefined {
    if (!target) return undefined
    const { noiseKey, addresses, servers = [] } = target
    const text = [...addresses.map(formatAddress), ...servers.map((server) => server.id)].join()
    if (text === '' || tried.has(text)) return undefined
    tried.add(text)
    return this.#dial({ noiseKey, addresses, servers, id })
  }

  async #dial(target: DialTarget): Promise<Link | undefined> {
    try {
      return await this.#parts.links.dial(target)
    } catch (error) {
      this.#around.drops.count(`contact dial: ${codeOf(error)}`)
      return undefined
    }
  }
}
