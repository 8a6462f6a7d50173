// The ways that single messages take, seen by whoever watches all links at once; for a drawing.

import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { decodeRouted } from '../../main/overlay/wire/routed-message.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { type Lab } from './lab.ts'
import { SEND_TIMEOUT_MS, type SendRecord } from './random-sends.ts'

/** Sends each again, one after another, and lists the host numbers on its way. */
export async function traceRoutes(lab: Lab, sends: readonly SendRecord[]): Promise<number[][]> {
  const routes: number[][] = []
  let route: number[] | undefined
  let target = ''
  lab.world.network.tap((from, to, message) => {
    if (!route || message[0] !== MESSAGE.routed) return
    const routed = decodeRouted(new Reader(message.subarray(1)))
    if (routed.key === target && routed.isExact && from === route.at(-1)) route.push(to)
  })
  for (const { from, to } of sends) {
    route = [from.number]
    target = to.id
    await lab.world.run(1)
    const sent = lab.probes.send(from, to.id, true, SEND_TIMEOUT_MS)
    await lab.run(2 * SEND_TIMEOUT_MS, 'drawing')
    await sent
    routes.push(route)
  }
  route = undefined
  return routes
}
