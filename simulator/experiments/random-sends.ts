// Random pairs of nodes that are up, one sends to the other, within 5 virtual seconds and with one retry at most; and
// what a greedy walk over the links of the same moment makes of the same pairs.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { greedyWalk, type LinkGraph } from '../baselines/greedy-walk.ts'
import { type Host, type World } from '../world/world.ts'
import { type Lab } from './lab.ts'
import { type ProbeResult } from './probe-service.ts'

export const SEND_TIMEOUT_MS = 5000
const STEP_MS = 50

export interface SendRecord {
  from: Host
  to: Host
  result: ProbeResult
  /** The way there and back without detours: what stretch is measured against. */
  directMs: number
  /** Neither end was gone before the answer. */
  wereUp: boolean
  greedy: { isDelivered: boolean; hops: number }
}

/** Sends so many, evenly over the time, and waits until the last has ended. */
export async function sendRandomly(lab: Lab, count: number, overMs: number): Promise<SendRecord[]> {
  const { world, probes } = lab
  const records: SendRecord[] = []
  let sent = 0
  const steps = Math.max(1, Math.round(overMs / STEP_MS))
  for (let step = 1; step <= steps; step++) {
    const graph = linkGraph(world)
    for (const until = Math.round((step * count) / steps); sent < until; sent++) {
      const [from, to] = world.sample(world.alive, 2) as [Host, Host]
      const greedy = greedyOf(graph, from, to)
      const directMs = 2 * world.network.terrain.delayMs(from.number, to.number)
      void probes.send(from, to.id, true, SEND_TIMEOUT_MS).then((result) => {
        const wereUp = world.isUp(from) && world.isUp(to)
        records.push({ from, to, result, directMs, greedy, wereUp })
      })
    }
    await lab.run(STEP_MS, 'sending')
  }
  const untilMs = world.nowMs + 2 * SEND_TIMEOUT_MS
  while (records.length < count && world.nowMs < untilMs) await lab.run(STEP_MS)
  return records
}

/** The links of the moment it is asked, each node's looked up once. */
export function linkGraph(world: World): LinkGraph {
  const byId = new Map<NodeId, Host>(world.alive.map((host) => [host.id, host]))
  const known = new Map<NodeId, NodeId[]>()
  return (id) => {
    let linked = known.get(id)
    if (!linked) {
      linked = []
      for (const link of byId.get(id)?.links.all() ?? [])
        if (link.isOpen && byId.has(link.peer.id)) linked.push(link.peer.id)
      known.set(id, linked)
    }
    return linked
  }
}

function greedyOf(graph: LinkGraph, from: Host, to: Host): SendRecord['greedy'] {
  const { end, hops } = greedyWalk(graph, from.id, to.id)
  return { isDelivered: end === to.id, hops }
}
