// Copies of one message, each sent with a route offset and perhaps over a given first link, and watched on their way.

import { type Id, type NodeId } from '../../main/overlay/base/id.ts'
import { Reader, Writer } from '../../main/overlay/wire/codec.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { decodeRouted } from '../../main/overlay/wire/routed-message.ts'
import { type RouteReply } from '../../main/overlay/ports/routes.ts'
import { type Host } from '../world/world.ts'
import { type Lab } from './lab.ts'
import { SEND_TIMEOUT_MS } from './random-sends.ts'

export interface Copy {
  offset: number
  /** Where it ended, if it was answered. */
  end: NodeId | undefined
  hops: number
  /** Hosts that it came to, but for its source and its end. */
  interior: ReadonlySet<number>
}

export interface CopyWish {
  key: Id
  offset: number
  via?: NodeId | undefined
}

/** Beside that of ProbeService, far above those that the overlay has given out (wire/message-types.ts). */
const APPLICATION = 201
/** After the type, the request id and the key (wire/routed-message.ts). */
const APPLICATION_AT = 41

export class OffsetCopies {
  readonly #lab: Lab
  readonly #numbers: ReadonlyMap<NodeId, number>
  /** By the serial number that is a copy's payload: the hosts that it came to. */
  readonly #ways = new Map<number, Set<number>>()
  #sent = 0

  /** For the nodes that are up now. */
  constructor(lab: Lab) {
    this.#lab = lab
    const { world, checkers } = lab
    this.#numbers = new Map(world.alive.map(({ id, number }) => [id, number]))
    for (const { node, number } of world.alive)
      node.routes.register(APPLICATION, {
        deliver: ({ requestId, payload }) => {
          checkers.delivered(requestId, number)
          return payload
        },
      })
    world.network.tap((_from, to, message) => {
      if (message[0] !== MESSAGE.routed || message[APPLICATION_AT] !== APPLICATION) return
      const { payload } = decodeRouted(new Reader(message.subarray(1)))
      this.#ways.get(new Reader(payload).u32())?.add(to)
    })
  }

  /** One attempt, however it ends. */
  async send(from: Host, { key, offset, via }: CopyWish): Promise<Copy> {
    const serial = this.#sent++
    const way = new Set<number>()
    this.#ways.set(serial, way)
    const reply = await this.#request(from, serial, { key, offset, via })
    this.#ways.delete(serial)
    way.delete(from.number)
    if (reply) way.delete(this.#numbers.get(reply.responder)!)
    return { offset, end: reply?.responder, hops: reply?.hops ?? 0, interior: way }
  }

  /** Sends and waits, in virtual time, until the last has ended. */
  async sendAll(wishes: readonly { from: Host; wish: CopyWish }[]): Promise<Copy[]> {
    let ended = 0
    const copies = wishes.map(({ from, wish }) => this.send(from, wish).finally(() => ended++))
    while (ended < wishes.length) await this.#lab.run(100, 'sending copies')
    return Promise.all(copies)
  }

  async #request(
    from: Host,
    serial: number,
    { key, offset, via }: CopyWish,
  ): Promise<RouteReply | undefined> {
    const payload = new Writer(4).u32(serial).finish()
    const options = { timeoutMs: SEND_TIMEOUT_MS, offset, isOnce: true, ...(via && { via }) }
    try {
      return await from.node.routes.request(key, APPLICATION, payload, options)
    } catch {
      // A copy that is lost is one of the things counted.
      return undefined
    }
  }
}

/** Of the nodes between the ends of two ways, the share that lies on both; undefined where there is none between. */
export function sharedInterior(a: Copy, b: Copy): number | undefined {
  const total = a.interior.size + b.interior.size
  if (total === 0) return undefined
  let common = 0
  for (const host of a.interior) if (b.interior.has(host)) common++
  return (2 * common) / total
}
