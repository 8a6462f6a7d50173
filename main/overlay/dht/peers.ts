// The ring neighbours as the DHT talks to them. Membership is logical: of two neighbours behind translators many pairs have no
// link, yet both are responsible for the same records. What is for a neighbour goes over its link, and where there is
// none it is routed to it, exactly, as the DHT's own kind of routed message. Who claims to be its source may lie: nothing is believed
// of a message that its content does not prove, and whoever brings it answers for the rate.

import { EMPTY } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Urgency } from '../transport/urgency.ts'
import { Reader } from '../wire/codec.ts'
import { APPLICATION } from '../wire/message-types.ts'

/** As long as a route's first way may take, and a second one. */
const ROUTED_TIMEOUT_MS = 6000
/** By the neighbour that brings them: a record each, or a list of 512. */
const ROUTED_BURST = 2000
const ROUTED_PER_SECOND = 100

export interface Peer {
  readonly id: NodeId
  /** Undefined where it is reached over others. */
  readonly link: Link | undefined
  /** As a link's: `acked` hears once whether the peer has it. */
  send(message: Uint8Array, acked?: (isDelivered: boolean) => void, urgency?: Urgency): void
}

export type PeerHandler = (from: Peer, body: Reader) => void

export class Peers {
  readonly #links: Links
  readonly #routes: Routes
  readonly #routed: PeerBudgets
  readonly #handlers: ReadonlyMap<number, PeerHandler>
  readonly #drops: Surroundings['drops']

  /** `handlers` by message type: what neighbours may say to each other, over a link or not. */
  constructor(
    around: Surroundings,
    links: Links,
    routes: Routes,
    handlers: ReadonlyMap<number, PeerHandler>,
  ) {
    this.#links = links
    this.#routes = routes
    this.#handlers = handlers
    this.#drops = around.drops
    this.#routed = new PeerBudgets(around.clock, ROUTED_BURST, ROUTED_PER_SECOND)
    routes.register(APPLICATION.replica, {
      deliver: ({ payload, source }, previous) => {
        if (!this.#routed.admits(previous ?? source)) throw new BanyanError('quota', 'too many at once')
        this.#onRouted(source, new Reader(payload))
        return EMPTY
      },
    })
  }

  to(id: NodeId): Peer {
    const link = this.#links.get(id)
    return link ? overLink(link) : this.#overOthers(id)
  }

  #onRouted(source: NodeId, body: Reader): void {
    const handler = this.#handlers.get(body.u8())
    if (handler) handler(this.#overOthers(source), body)
    else this.#drops.count('replica: routed, of another kind')
  }

  #overOthers(id: NodeId): Peer {
    const options = { timeoutMs: ROUTED_TIMEOUT_MS, isExact: true }
    return {
      id,
      link: undefined,
      send: (message, acked) => {
        this.#routes
          .request(id, APPLICATION.replica, new Uint8Array(message), options)
          .then(() => acked?.(true))
          .catch(() => acked?.(false)) // for whatever reason: it is not there
      },
    }
  }
}

export function overLink(link: Link): Peer {
  return { id: link.peer.id, link, send: (message, acked, urgency) => link.send(message, acked, urgency) }
}
