// The ring neighbours as the DHT talks to them. Membership is logical: of two neighbours behind translators many pairs have no
// link, yet both are responsible for the same records. What is for a neighbour goes over its link, and where there is
// none it is routed to it, exactly, as the DHT's own kind of routed message. The first thing that its handler says to
// whoever sent it goes back as the answer that a routed message has anyway: half of the hops. Who claims to be its source may lie: nothing is believed
// of a message that its content does not prove, and whoever brings it answers for the rate and for the space.

import { type Bytes, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Urgency } from '../transport/urgency.ts'
import { Reader } from '../wire/codec.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { type NeighbourLimits } from './neighbour-limits.ts'

/** As long as a route's first way may take, and a second one. */
const ROUTED_TIMEOUT_MS = 6000

export interface Peer {
  /** As it says, where it is reached over others. */
  readonly id: NodeId
  /** The neighbour that what it says came over, who answers for it; the peer itself where it was asked. */
  readonly bringer: NodeId
  /** Undefined where it is reached over others. */
  readonly link: Link | undefined
  /** As a link's: `acked` hears once whether the peer has it. */
  send(message: Uint8Array, acked?: (isDelivered: boolean) => void, urgency?: Urgency): void
}

export type PeerHandler = (from: Peer, body: Reader) => void | Promise<void>

export class Peers {
  readonly #links: Pick<Links, 'get'>
  readonly #routes: Routes
  readonly #handlers: ReadonlyMap<number, PeerHandler>
  readonly #drops: Surroundings['drops']

  /** `handlers` by message type: what neighbours may say to each other, over a link or not. */
  constructor(
    around: Pick<Surroundings, 'drops'>,
    links: Pick<Links, 'get'>,
    routes: Routes,
    limits: NeighbourLimits,
    handlers: ReadonlyMap<number, PeerHandler>,
  ) {
    this.#links = links
    this.#routes = routes
    this.#handlers = handlers
    this.#drops = around.drops
    routes.register(APPLICATION.replica, {
      deliver: ({ payload, source }, previous) => {
        const bringer = previous ?? source
        if (!limits.admitsRouted(bringer)) throw new BanyanError('quota', 'too many at once')
        return this.#onRouted(source, bringer, payload)
      },
    })
  }

  to(id: NodeId): Peer {
    const link = this.#links.get(id)
    return link ? overLink(link) : this.#overOthers(id)
  }

  /** What the handler says until it is done; only the first of it is the answer, the rest takes a way of its own. */
  #onRouted(source: NodeId, bringer: NodeId, payload: Bytes): Bytes | Promise<Bytes> {
    let answer: Bytes | undefined
    let isDone = false
    const peer = { ...this.#overOthers(source), bringer }
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
      bringer: id,
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
  const { id } = link.peer
  return { id, bringer: id, link, send: (message, acked, urgency) => link.send(message, acked, urgency) }
}
