// Random pairs of nodes at packet depth: one asks the other by the overlay's routing, or sends it a message as the chat
// does, over a session where one can be had.

import { EMPTY } from '../../main/overlay/base/bytes.ts'
import { codeOf } from '../../main/overlay/base/errors.ts'
import { type PacketHost } from '../packets/packet-world.ts'
import { type PacketLab } from './packet-lab.ts'

/** Far above those that the overlay has given out (wire/message-types.ts). */
const APPLICATION = 200
const ROUTE_TIMEOUT_MS = 5000
/** A direct message may first dial two addresses in vain (5 s each) and then take a route (8 s). */
const LONGEST_SEND_MS = 30_000
/** What one types. */
const MESSAGE_BYTES = 200
const STEP_MS = 50

export interface PacketSend {
  isDelivered: boolean
  /** Crossed by a routed request; 0 where a session carried a message. */
  hops: number
  tookMs: number
  /** How: "route", "session", or why it failed. */
  how: string
}

type Sending = (from: PacketHost, to: PacketHost) => Promise<Omit<PacketSend, 'tookMs'>>

/** Lets every node answer what `routeOne` asks. */
export function offerAnswers({ world, checkers }: PacketLab): void {
  for (const { node, number } of world.alive)
    node.routes.register(APPLICATION, {
      deliver: ({ requestId }) => {
        checkers.delivered(requestId, number)
        return EMPTY
      },
    })
}

export const routeOne: Sending = async (from, to) => {
  try {
    const options = { timeoutMs: ROUTE_TIMEOUT_MS, isExact: true }
    const { responder, hops } = await from.node.routes.request(to.id, APPLICATION, EMPTY, options)
    return { isDelivered: responder === to.id, hops, how: 'route' }
  } catch (error) {
    return { isDelivered: false, hops: 0, how: codeOf(error) }
  }
}

export const sendOne: Sending = async (from, to) => {
  const result = await from.node.send(to.id, new Uint8Array(MESSAGE_BYTES))
  const isDelivered = result.kind === 'delivered'
  return { isDelivered, hops: 0, how: isDelivered ? result.via : result.reason }
}

/** So many between random pairs, evenly over the time; waits for the last. */
export async function sendPackets(
  lab: PacketLab,
  sending: Sending,
  count: number,
  overMs: number,
): Promise<PacketSend[]> {
  const { world } = lab
  const results: PacketSend[] = []
  const steps = Math.max(1, Math.round(overMs / STEP_MS))
  let sent = 0
  for (let step = 1; step <= steps; step++) {
    for (const until = Math.round((step * count) / steps); sent < until; sent++) {
      const startedMs = world.nowMs
      void sending(...anyPair(lab)).then((result) =>
        results.push({ ...result, tookMs: world.nowMs - startedMs }),
      )
    }
    await lab.run(STEP_MS, 'sending')
  }
  const untilMs = world.nowMs + LONGEST_SEND_MS
  while (results.length < count && world.nowMs < untilMs) await lab.run(STEP_MS)
  return results
}

function anyPair({ world }: PacketLab): [PacketHost, PacketHost] {
  const { alive, random } = world
  const from = random.below(alive.length)
  const to = (from + 1 + random.below(alive.length - 1)) % alive.length
  return [alive[from]!, alive[to]!]
}
