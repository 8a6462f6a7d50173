// The links of a hostile node, as its own code sees them. That code is what ships: it keeps its place on the ring and answers
// pings as everybody does, and what it says and hears is changed on the way by its conduct.

import { type NodeId } from '../../main/overlay/base/id.ts'
import {
  type DialTarget,
  type Link,
  type LinkEvents,
  type Links,
} from '../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type WorldLink } from '../world/world-link.ts'
import { type WorldLinks } from '../world/world-links.ts'

export interface Conduct {
  /** What its own code gets to see of a message; undefined: nothing. */
  hear(link: WorldLink, message: Uint8Array): Uint8Array | undefined
  /** What really leaves; undefined: nothing. */
  say(link: WorldLink, message: Uint8Array): Uint8Array | undefined
}

export class HostileLinks implements Links {
  readonly #inner: WorldLinks
  readonly #conduct: Conduct
  readonly #wrapped = new WeakMap<Link, HostileLink>()

  constructor(inner: WorldLinks, conduct: Conduct) {
    this.#inner = inner
    this.#conduct = conduct
  }

  get self(): PeerRecord {
    return this.#inner.self
  }

  async dial(target: DialTarget): Promise<Link> {
    return this.#wrap((await this.#inner.dial(target)) as WorldLink)
  }

  get(id: NodeId): Link | undefined {
    const link = this.#inner.get(id)
    return link && this.#wrap(link)
  }

  all(): Link[] {
    return this.#inner.all().map((link) => this.#wrap(link))
  }

  on(events: LinkEvents): void {
    this.#inner.on({
      up: (link) => events.up(this.#wrap(link as WorldLink)),
      down: (link, reason) => events.down(this.#wrap(link as WorldLink), reason),
      message: (link, message) => {
        const heard = this.#conduct.hear(link as WorldLink, message)
        if (heard) events.message(this.#wrap(link as WorldLink), heard as typeof message)
      },
    })
  }

  /** One for each, for the overlay tells links apart by what they are. */
  #wrap(link: WorldLink): Link {
    let wrapped = this.#wrapped.get(link)
    if (!wrapped) this.#wrapped.set(link, (wrapped = new HostileLink(link, this.#conduct)))
    return wrapped
  }
}

class HostileLink implements Link {
  readonly #inner: WorldLink
  readonly #conduct: Conduct

  constructor(inner: WorldLink, conduct: Conduct) {
    this.#inner = inner
    this.#conduct = conduct
  }

  get peer(): PeerRecord {
    return this.#inner.peer
  }

  get address(): Link['address'] {
    return this.#inner.address
  }

  get rttMs(): number {
    return this.#inner.rttMs
  }

  get isOpen(): boolean {
    return this.#inner.isOpen
  }

  get traffic(): Link['traffic'] {
    return this.#inner.traffic
  }

  send(message: Uint8Array, acked?: (delivered: boolean) => void): void {
    const said = this.#conduct.say(this.#inner, message)
    if (said) this.#inner.send(said, acked)
    else acked?.(true)
  }

  probe(): void {
    this.#inner.probe()
  }

  close(reason: string): void {
    this.#inner.close(reason)
  }
}
