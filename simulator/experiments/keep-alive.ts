// What does measuring one's router save? One computer behind a router with a session that nobody uses for a day, once with the
// keep-alive that the node has measured, once with a fixed one of 5 s (what HyperDHT does by default). The price of the
// measurement is in the count: every datagram that the computer sends or receives.

import { type NatBehaviour } from '../net/nat-behaviour.ts'
import { HOME_NATS } from '../packets/nat-kinds.ts'
import { INSIDE, type ReachHost, type ReachHostOptions, ReachStage } from '../packets/reach-stage.ts'
import { type Experiment, type Figures } from './experiment.ts'

export const TIMEOUTS_SECONDS = [20, 60, 180]
export const FIXED_MS = 5_000
const DAY_MS = 24 * 3_600_000
const LOOK_MS = 1_000

export interface IdleDay {
  /** Sent and received by the computer. */
  packets: number
  /** Times that the idle session was seen at another address than before: its binding had been forgotten. */
  lost: number
  /** Undefined where it was not measured. */
  keepAliveMs: number | undefined
}

export const keepAlive: Experiment & { parameters(): string[] } = {
  name: 'keepalive',
  about: 'an idle session behind routers that forget after 20, 60 and 180 s, beside a fixed 5 s keep-alive',
  parameters: () => [
    `one computer behind a NAT box whose bindings live ${TIMEOUTS_SECONDS.join(', ')} s, one idle session for 24 virtual hours, 40 ms each way`,
  ],
  run: async ({ options }) => {
    const figures: Figures = {}
    const notes: string[] = []
    for (const seconds of TIMEOUTS_SECONDS) {
      const measured = await idleFor(DAY_MS, seconds, options.seed)
      const fixed = await idleFor(DAY_MS, seconds, options.seed, FIXED_MS)
      figures[`lost${seconds}`] = measured.lost
      figures[`keepAliveMs${seconds}`] = measured.keepAliveMs ?? 0
      figures[`packets${seconds}`] = measured.packets
      figures[`fixedPackets${seconds}`] = fixed.packets
      figures[`share${seconds}`] = measured.packets / fixed.packets
      const called = await idleFor(DAY_MS, seconds, options.seed, undefined, 'called')
      figures[`calledLost${seconds}`] = called.lost
      figures[`calledPackets${seconds}`] = called.packets
      figures[`calledShare${seconds}`] = called.packets / fixed.packets
      notes.push(
        `${seconds} s, where the peers have called: ${called.packets} packets, ${called.lost} bindings lost`,
        `${seconds} s: a sign of life every ${(measured.keepAliveMs ?? 0) / 1000} s, ${measured.packets} packets instead of ${fixed.packets}, ${measured.lost} bindings lost`,
      )
    }
    return { figures, plots: [], notes }
  },
}

/** Port-restricted, with other ports for new bindings, so that one that was forgotten shows. */
function routerOf(timeoutSeconds: number): NatBehaviour {
  const { behaviour } = HOME_NATS[0]!
  return { ...behaviour, portAssignment: 'random', bindingTimeoutMs: 1000 * timeoutSeconds }
}

/** With the keep-alive that the node measures, or a fixed one; it has called its peers, or was called by them and speaks later than they do. */
export async function idleFor(
  ms: number,
  timeoutSeconds: number,
  seed: number,
  fixedMs?: number,
  side: 'calling' | 'called' = 'calling',
): Promise<IdleDay> {
  const stage = new ReachStage(seed)
  const box = stage.box(routerOf(timeoutSeconds))
  const options: ReachHostOptions =
    fixedMs === undefined
      ? {}
      : { hasReach: false, transport: { keepAliveMs: fixedMs, untranslatedKeepAliveMs: fixedMs } }
  const home = stage.host(INSIDE, box, options)
  const peers = stage.publicHosts(18, 2, options)
  for (const peer of peers)
    await (side === 'calling' ? stage.connect(home, peer) : stage.connectFromOutside(peer, home))
  await stage.run(LOOK_MS) // the last has heard the first packet of its session by then
  await home.reachability?.start()
  // The second peer is there to be asked. Its session is as idle, so two are counted, in both cases.
  const lost = await watch(stage, home, peers, ms)
  const { sentPackets, receivedPackets } = home.socket.traffic
  return { packets: sentPackets + receivedPackets, lost, keepAliveMs: home.reachability?.status.keepAliveMs }
}

async function watch(
  stage: ReachStage,
  home: ReachHost,
  peers: readonly ReachHost[],
  ms: number,
): Promise<number> {
  const untilMs = stage.queue.nowMs + ms
  const seenAt = peers.map((peer) => portOf(peer, home))
  let lost = 0
  while (stage.queue.nowMs < untilMs) {
    await stage.run(LOOK_MS)
    for (const [i, peer] of peers.entries()) {
      const port = portOf(peer, home)
      if (port !== seenAt[i]) lost++
      seenAt[i] = port
    }
  }
  return lost
}

/** Where the peer's session leads to; 0 where there is none any more. */
function portOf(peer: ReachHost, home: ReachHost): number {
  return peer.endpoint.get(home.identity.id)?.address.port ?? 0
}
