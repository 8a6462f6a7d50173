// What routed messages and their answers carry, by application: which of joins, probes, pings and so on costs how much. An
// answer does not say what it answers: that is remembered by the request's random id, in a table without upkeep.

import { APPLICATION, MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { packetsOf, wireBytesOf } from './session-costs.ts'

export interface TypeTraffic {
  type: string
  packets: number
  bytes: number
}

/** main/overlay/wire/routed-message.ts: type 1, request id 8, key 32, application 1. */
const REQUEST_ID_AT = 1
const APPLICATION_AT = 41
const APPLICATIONS = 256
/** Requests answered within seconds, a few thousand at a time: two meet in one slot once in hundreds. */
const SLOTS = 2 ** 20
const NAMES = new Map<number, string>(Object.entries(APPLICATION).map(([name, number]) => [number, name]))

export class RoutedShares {
  readonly #bySlot = new Uint8Array(SLOTS)
  /** Requests, then answers. */
  readonly #packets = new Float64Array(2 * APPLICATIONS)
  readonly #bytes = new Float64Array(2 * APPLICATIONS)

  add(message: Uint8Array): void {
    const type = message[0]
    if (type !== MESSAGE.routed && type !== MESSAGE.routedReply) return
    const slot = slotOf(message)
    if (type === MESSAGE.routed) this.#bySlot[slot] = message[APPLICATION_AT]!
    const row = this.#bySlot[slot]! + (type === MESSAGE.routed ? 0 : APPLICATIONS)
    const packets = packetsOf(message.length)
    this.#packets[row]! += packets
    this.#bytes[row]! += wireBytesOf(message.length, packets)
  }

  /** Named as "join" and "join reply"; an application that is not the overlay's is an experiment's "send". */
  all(): TypeTraffic[] {
    const all = new Map<string, TypeTraffic>()
    for (let row = 0; row < 2 * APPLICATIONS; row++) {
      if (this.#packets[row] === 0) continue
      const type = (NAMES.get(row % APPLICATIONS) ?? 'send') + (row < APPLICATIONS ? '' : ' reply')
      all.set(type, { type, packets: this.#packets[row]!, bytes: this.#bytes[row]! })
    }
    return [...all.values()].sort((a, b) => b.bytes - a.bytes)
  }
}

function slotOf(message: Uint8Array): number {
  const at = REQUEST_ID_AT
  return (message[at]! | (message[at + 1]! << 8) | (message[at + 2]! << 16)) & (SLOTS - 1)
}
