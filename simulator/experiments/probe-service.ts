// An application of the routing layer that every simulated node offers: it answers, and counts what is handed over.

import { EMPTY } from '../../main/overlay/base/bytes.ts'
import { type Id } from '../../main/overlay/base/id.ts'
import { type Checkers } from '../checkers/checkers.ts'
import { type Host } from '../world/world.ts'

/** Far above those that the overlay has given out (wire/message-types.ts). */
const APPLICATION = 200

export type ProbeResult =
  { isDelivered: true; responder: Id; hops: number; tookMs: number } | { isDelivered: false; why: string }

export class ProbeService {
  readonly #checkers: Checkers

  constructor(checkers: Checkers) {
    this.#checkers = checkers
  }

  offer({ node, number }: Host): void {
    node.routes.register(APPLICATION, {
      deliver: ({ requestId }) => {
        this.#checkers.delivered(requestId, number)
        return EMPTY
      },
    })
  }

  /** A message to a node (`isExact`) or to whoever is the root of a key; within the time it is tried twice at most. */
  async send(from: Host, to: Id, isExact: boolean, timeoutMs: number): Promise<ProbeResult> {
    const { queue } = from.links.network
    const startedMs = queue.nowMs
    try {
      const reply = await from.node.routes.request(to, APPLICATION, EMPTY, { timeoutMs, isExact })
      if (isExact && reply.responder !== to) return { isDelivered: false, why: 'answered by another node' }
      return {
        isDelivered: true,
        responder: reply.responder,
        hops: reply.hops,
        tookMs: queue.nowMs - startedMs,
      }
    } catch (error) {
      return { isDelivered: false, why: error instanceof Error ? error.message : String(error) }
    }
  }
}
