// The laboratory's mesh of cables (test/natlab/reach.ts) in virtual time: the same graph, pairs, cut and freeze, without
// the cost of processes. What is slow here is slow by the protocol; what is slow there alone is the computer.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { APPLICATION, MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { decodeRouted } from '../../main/overlay/wire/routed-message.ts'
import { Cables } from '../world/cables.ts'
import { connectedHalf, distancesFrom, type Edge } from '../world/random-graph.ts'
import { type Host } from '../world/world.ts'
import { type Experiment, type Figures } from './experiment.ts'
import { type Lab } from './lab.ts'
import { measureIdle, stateFigures } from './network-state.ts'
import { mean } from './statistics.ts'

const PAIRS = 200
/** All are started within a second, as 40 processes are. */
const STARTS_MS = 1000
const IDLE_MS = 60_000
const CUT_MS = 30_000
const START_LIMIT_MS = 60_000
const HEAL_LIMIT_MS = 120_000
const FREEZE_LIMIT_MS = 60_000
const FROZEN_SHARE = 0.2
const SETTLE_MS = 10_000
/** An application that tries again: after so long, half as long again each time, a second at most. */
const PAUSE_MS = { first: 100, longest: 1000 }
const GROWTH = 1.5
const HOPS_TIMEOUT_MS = 8000
const STEP_MS = 20

type Pair = readonly [Host, Host]

export const meshWired: Experiment = {
  name: 'mesh-wired',
  about:
    'nodes joined by cables as a random graph: start, stretch, idle traffic, two halves that meet, frozen nodes',
  async run(lab) {
    const cables = lab.world.network.terrain
    if (!(cables instanceof Cables)) throw new Error('mesh-wired needs --topology cables')
    const startPurposes = countPurposes(lab)
    const start = await measureStart(lab)
    const startTypes = lab.world.network.traffic.byType()
    const atStart = startTypes.map(({ type, packets, bytes }) => {
      const perNode = (sum: number): string => (sum / lab.options.nodes).toFixed(1)
      return `  ${type}: ${perNode(packets)} packets, ${perNode(bytes)} bytes`
    })
    const startRouted = listed(startPurposes)
    const stretch = await measureStretch(lab, cables)
    await lab.run(SETTLE_MS, 'settling')
    const purposes = countPurposes(lab)
    const idle = await measureIdle(lab, IDLE_MS)
    const routed = listed(purposes)
    const heal = await measureHealing(lab, cables)
    const freeze = await measureFreeze(lab, cables)
    const perType = idle.byType.map(
      ({ type, packets, bytes }) =>
        `  ${type.padEnd(16)}${(packets / (lab.options.nodes * 60)).toFixed(3).padStart(8)} packets/s ${(bytes / (lab.options.nodes * 60)).toFixed(1).padStart(9)} B/s`,
    )
    return {
      figures: {
        ...start,
        ...stretch,
        packetsPerNode: idle.packetsPerNodeSecond,
        bytesPerNode: idle.bytesPerNodeSecond,
        ...heal,
        ...freeze,
        ...stateFigures(lab),
        ...lab.checkers.figures,
      },
      plots: [],
      notes: [
        'per node, at the start:',
        ...atStart,
        `  hops of routed messages: ${startRouted}`,
        'per node, idle:',
        ...perType,
        `  hops of routed messages: ${routed}`,
        ...dropNotes(lab),
        ...lab.checkers.notes,
      ],
    }
  },
}

/** Counts from now on. */
function countPurposes({ world }: Lab): Map<string, number> {
  const counts = new Map<string, number>()
  const names = new Map(Object.entries(APPLICATION).map(([name, number]) => [number as number, name]))
  world.network.tap((_from, _to, message) => {
    if (message[0] !== MESSAGE.routed) return
    const name = names.get(decodeRouted(new Reader(message.subarray(1))).application) ?? 'others'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  })
  return counts
}

function listed(purposes: ReadonlyMap<string, number>): string {
  return [...purposes].map(([purpose, count]) => `${count} for ${purpose}`).join(', ')
}

async function measureStart(lab: Lab): Promise<Figures> {
  const { world, options } = lab
  const before = world.nowMs
  for (let i = 0; i < options.nodes; i++) {
    lab.probes.offer(await world.join())
    await lab.run(STARTS_MS / options.nodes, 'starting')
  }
  const pairs = randomPairs(lab, () => true)
  const took = await exchangeAll(lab, pairs, START_LIMIT_MS)
  return {
    startSeconds: secondsUntil(took, 1),
    startShare3: shareWithin(took, 3000),
    startDials: world.network.failedDials,
    startPackets:
      world.network.traffic.byType().reduce((sum, { packets }) => sum + packets, 0) / options.nodes,
    startMs: world.nowMs - before,
  }
}

async function measureStretch(lab: Lab, { graph }: Cables): Promise<Figures> {
  const ratios: number[] = []
  let left = PAIRS
  for (const [one, other] of randomPairs(lab, () => true))
    void lab.probes.send(one, other.id, true, HOPS_TIMEOUT_MS).then((result) => {
      left--
      if (!result.isDelivered) return
      ratios.push(result.hops / distancesFrom(one.number, graph).get(other.number)!)
    })
  while (left > 0) await lab.run(STEP_MS, 'counting hops')
  return { stretchMean: mean(ratios), stretchPairs: ratios.length }
}

async function measureHealing(lab: Lab, { graph }: Cables): Promise<Figures> {
  const half = connectedHalf(graph, lab.world.random)
  if (!half) throw new Error('this graph has no two connected halves: take another seed')
  const isAcross = (a: number, b: number): boolean => half.has(a) !== half.has(b)
  const [bridge] = graph.edges.filter(([a, b]) => isAcross(a, b)) as [Edge]
  const isBridge = (a: number, b: number): boolean => bridge.includes(a) && bridge.includes(b)
  lab.world.network.cut(isAcross)
  await lab.run(CUT_MS, 'cut in two')
  lab.world.network.cut((a, b) => isAcross(a, b) && !isBridge(a, b))
  plugIn(lab, [bridge])
  const pairs = randomPairs(lab, ([one, other]) => isAcross(one.number, other.number))
  const took = await exchangeAll(lab, pairs, HEAL_LIMIT_MS)
  lab.world.network.heal()
  plugIn(
    lab,
    graph.edges.filter(([a, b]) => isAcross(a, b)),
  )
  await lab.run(SETTLE_MS)
  return { healSeconds: secondsUntil(took, 1), healShare: shareWithin(took, HEAL_LIMIT_MS) }
}

/** A computer notices a cable that is plugged in: it has an address more (reach/network-watch.ts). */
function plugIn({ world }: Lab, cables: readonly Edge[]): void {
  const ends = new Set(cables.flat())
  for (const { node, number } of world.alive) if (ends.has(number)) node.networkChanged()
}

async function measureFreeze(lab: Lab, { graph }: Cables): Promise<Figures> {
  const { world } = lab
  const frozen = new Set(
    world.sample(world.alive, FROZEN_SHARE * world.alive.length).map(({ number }) => number),
  )
  const isAwake = (node: number): boolean => !frozen.has(node)
  const pairs = randomPairs(
    lab,
    ([one, other]) => isAwake(one.number) && distancesFrom(one.number, graph, isAwake).has(other.number),
  )
  // For those that stay a frozen computer is one behind a cut; what it does itself behind that is not looked at.
  world.network.cut((a, b) => frozen.has(a) || frozen.has(b))
  const took = await exchangeAll(lab, pairs, FREEZE_LIMIT_MS)
  return {
    shareAfter0: shareWithin(took, 500),
    shareAfter3: shareWithin(took, 3000),
    shareAfter10: shareWithin(took, 10_000),
    secondsTo99: secondsUntil(took, 0.99),
    secondsToAll: secondsUntil(took, 1),
  }
}

/** Milliseconds until a message and its answer have arrived, for each pair, all at the same time; -1 where they did not. */
async function exchangeAll(lab: Lab, pairs: readonly Pair[], limitMs: number): Promise<number[]> {
  const { world } = lab
  const startedMs = world.nowMs
  const took: number[] = []
  const exchange = async ([one, other]: Pair): Promise<void> => {
    const isThere =
      (await say(lab, one, other.id, startedMs + limitMs)) &&
      (await say(lab, other, one.id, startedMs + limitMs))
    took.push(isThere ? world.nowMs - startedMs : -1)
  }
  for (const pair of pairs) void exchange(pair)
  while (took.length < pairs.length && world.nowMs < startedMs + limitMs) await lab.run(STEP_MS, 'exchanging')
  return [...took, ...Array.from({ length: pairs.length - took.length }, () => -1)]
}

/** Until it has arrived, or the time is over. */
async function say({ world }: Lab, from: Host, to: NodeId, untilMs: number): Promise<boolean> {
  let pauseMs = PAUSE_MS.first
  while (world.nowMs < untilMs) {
    const { kind } = await from.node.send(to, new Uint8Array(10))
    if (kind === 'delivered') return true
    await new Promise<void>((resolve) => void world.queue.at(world.nowMs + pauseMs, resolve))
    pauseMs = Math.min(GROWTH * pauseMs, PAUSE_MS.longest)
  }
  return false
}

/** Pairs of two different nodes that fit, with repetition. */
function randomPairs({ world }: Lab, isWanted: (pair: Pair) => boolean): Pair[] {
  const drawn: Pair[] = []
  while (drawn.length < PAIRS) {
    const pair = world.sample(world.alive, 2) as [Host, Host]
    if (isWanted(pair)) drawn.push(pair)
  }
  return drawn
}

/** -1 where it never was. */
function secondsUntil(took: readonly number[], share: number): number {
  const sorted = took.filter((ms) => ms >= 0).sort((a, b) => a - b)
  const atMs = sorted[Math.ceil(share * took.length) - 1]
  return atMs === undefined ? -1 : atMs / 1000
}

function shareWithin(took: readonly number[], limitMs: number): number {
  return took.filter((ms) => ms >= 0 && ms <= limitMs).length / took.length
}

/** What nodes dropped or failed at, by cause, most frequent first. */
function dropNotes({ world }: Lab): string[] {
  const sums = new Map<string, number>()
  for (const { node } of world.alive)
    for (const [cause, count] of Object.entries(node.status().dropped))
      sums.set(cause, (sums.get(cause) ?? 0) + count)
  const sorted = [...sums].sort(([, a], [, b]) => b - a)
  return ['dropped, over all nodes:', ...sorted.slice(0, 16).map(([cause, count]) => `  ${cause}: ${count}`)]
}
