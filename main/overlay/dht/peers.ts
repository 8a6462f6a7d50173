// The ring neighbours as the DHT talks to them. Membership is logical: of two neighbours behind translators many pairs have no
// link, yet both are responsible for the same records. What is for a neighbour goes over its link, and where there is
// none it is routed to it, exactly, as the DHT's own kind of routed message. The first thing that its handler says to
// whoever sent it goes back as the answer that a routed message has anyway: half of the hops. Who claims to be its source may lie: nothing is believed
// of a message that its content does not prove, and whoever brings it answers for the rate.

import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
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

export type PeerHandler = (from: Peer, body: Reader) => void | Promise<void>

export class Peers {
  readonly #links: Pick<Links, 'get'>
  readonly #routes: Routes
  readonly #routed: PeerBudgets
  readonly #handlers: ReadonlyMap<number, PeerHandler>
  readonly #drops: Surroundings['drops']

  /** `handlers` by message type: what neighbours may say to each other, over a link or not. */
  constructor(
    around: Pick<Surroundings, 'clock' | 'drops'>,
    links: Pick<Links, 'get'>,
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
        return this.#onRouted(source, payload)
      },
    })
  }

  to(id: NodeId): Peer {
    const link = this.#links.get(id)
    return link ? overLink(link) : this.#overOthers(id)
  }

  /** What the handler says until it is done; only the first of it is the answer, the rest takes a way of its own. */
  #onRouted(source: NodeId, payload: Bytes): Bytes | Promise<Bytes> {
    let answer: Bytes | undefined
    let isDone = false
    const peer = this.#overOthers(source)
    const answering: Peer = {
      ...peer,
      send: (message, acked) => {
        if (isDone || answer) return peer.send(message, acked)
        answer = new Uint8Array(message)
        acked?.(true) // where it is lost, the source misses it
      },
    }
    const done = (): Bytes => {
      isDone = true
      return answer ?? EMPTY
    }
    const handling = this.#handle(answering, payload)
    return handling instanceof Promise ? handling.then(done) : done()
  }

  #handle(from: Peer, message: Bytes): void | Promise<void> {
    const body = new Reader(message)
    const handler = this.#handlers.get(body.u8())
    if (handler) return handler(from, body)
    this.#drops.count('replica: routed, of another kind')
  }

  #overOthers(id: NodeId): Peer {
    return {
      id,
      link: undefined,
      send: (message, acked) => {
        const options = { timeoutMs: ROUTED_TIMEOUT_MS, isExact: true }
        this.#routes.request(id, APPLICATION.replica, new Uint8Array(message), options).then(
          ({ payload }) => {
            acked?.(true)
            if (payload.length > 0) void this.#onAnswer(id, payload)
          },
          () => acked?.(false), // for whatever reason: it is not there
        )
      },
    }
  }

  async #onAnswer(id: NodeId, message: Bytes): Promise<void> {
    try {
      await this.#handle(this.#overOthers(id), message)
    } catch (error) {
      this.#drops.count(`replica, answered: ${codeOf(error)}`)
    }
  }
}

export function overLink(link: Link): Peer {
  return { id: link.peer.id, link, send: (message, acked, urgency) => link.send(message, acked, urgency) }
}
