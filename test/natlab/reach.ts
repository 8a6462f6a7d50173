// Anyone through anyone, by real processes: how soon a mesh of nodes that have just started carries messages between any
// two of them, how long the ways are, what it costs when nobody says anything, how it takes nodes that freeze and a cut.

import { type SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { type Edge, connectedHalf, distancesFrom } from '../../simulator/world/random-graph.ts'
import { type Mesh } from './mesh.ts'
import { type NodeProcess } from './node-process.ts'

export interface ReachFigures {
  /** From the last start until all pairs have exchanged a message; null where that did not come to pass. */
  startSeconds: number | null
  /** Of those pairs: the share that had within 3 s, and at the end of the wait. */
  startShare3: number
  startShare: number
  /** Links crossed by those on the shortest way there is, over those pairs whose hops could be counted. */
  stretchMean: number | null
  stretchPairs: number
  /** Sent per node and second while nobody says anything. */
  packetsPerSecond: number
  bytesPerSecond: number
  /** From the moment one link joins the two halves again until all pairs across have exchanged a message. */
  healSeconds: number | null
  /** Of those pairs: the share that had at the end of the wait. */
  healShare: number
  /** Of the pairs that the remaining links still join: those that exchanged a message at once, within 3 s, within 10 s. */
  shareAfter0: number
  shareAfter3: number
  shareAfter10: number
  /** Until 99 % of them had, and all; null where that did not come to pass. */
  secondsTo99: number | null
  secondsToAll: number | null
}

export interface ReachOptions {
  random: SeededRandom
  pairs: number
  /** How long the traffic of an idle network is counted. */
  idleSeconds: number
  /** How long the halves are apart. */
  cutSeconds: number
  say(words: string): void
}

/** Past every goal, and past what is worth waiting for. */
const START_LIMIT_MS = 60_000
const HEAL_LIMIT_MS = 120_000
const FREEZE_LIMIT_MS = 60_000
const FROZEN_SHARE = 0.2
/** "At once" for 200 messages there and back at a time on two cores. */
const AT_ONCE_MS = 500
/** Those that do not get there take 8 s each. */
const COUNTED_AT_ONCE = 20
/** Joins and first repairs have ended; what a start costs is not what idling costs. */
const SETTLE_MS = 10_000

const CAUSES = 12
/** An attempt of which nothing is heard is left this long (main/chat/messaging/device-queue.ts); one that failed, much less. */
const AS_CHAT = { firstPatienceMs: 5_000 }

type Pair = readonly [number, number]

export async function measureReach(mesh: Mesh, options: ReachOptions): Promise<ReachFigures> {
  const { say } = options
  const start = await measureStart(mesh, options)
  say(`start: ${JSON.stringify(start)}`)
  say(`dropped, over all nodes: ${await droppedOver(mesh)}`)
  const stretch = await measureStretch(mesh, options)
  say(`stretch: ${stretch.stretchMean} over ${stretch.stretchPairs} pairs`)
  const idle = await measureIdle(mesh, options)
  say(`idle: ${idle.packetsPerSecond} packets/s, ${idle.bytesPerSecond} B/s sent per node`)
  const heal = await measureHealing(mesh, options)
  say(`two halves: ${JSON.stringify(heal)}`)
  const freeze = await measureFreeze(mesh, options)
  say(`freeze: ${JSON.stringify(freeze)}`)
  return { ...start, ...stretch, ...idle, ...heal, ...freeze }
}

async function measureStart(
  mesh: Mesh,
  options: ReachOptions,
): Promise<Pick<ReachFigures, 'startSeconds' | 'startShare3' | 'startShare'>> {
  const startedMs = Math.max(...(await Promise.all(mesh.nodes.map((node) => node.start()))))
  const pairs = randomPairs(mesh, options, () => true)
  const tookMs = await exchangeAll(mesh, pairs, startedMs, START_LIMIT_MS)
  return {
    startSeconds: secondsUntil(tookMs, 1),
    startShare3: shareWithin(tookMs, 3_000),
    startShare: shareWithin(tookMs, START_LIMIT_MS),
  }
}

async function measureStretch(
  mesh: Mesh,
  options: ReachOptions,
): Promise<Pick<ReachFigures, 'stretchMean' | 'stretchPairs'>> {
  const ratios: number[] = []
  const queue = randomPairs(mesh, options, () => true)
  const work = async (): Promise<void> => {
    for (let pair = queue.shift(); pair; pair = queue.shift()) {
      const [one, other] = pair
      const hops = await mesh.nodes[one]!.countHops(mesh.nodes[other]!)
      if (hops !== undefined) ratios.push(hops / distancesFrom(one, mesh.graph).get(other)!)
    }
  }
  await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, work))
  const sum = ratios.reduce((total, ratio) => total + ratio, 0)
  return { stretchMean: ratios.length > 0 ? rounded(sum / ratios.length) : null, stretchPairs: ratios.length }
}

async function measureIdle(
  mesh: Mesh,
  { idleSeconds }: ReachOptions,
): Promise<Pick<ReachFigures, 'packetsPerSecond' | 'bytesPerSecond'>> {
  await after(SETTLE_MS)
  const [before, beganMs] = [mesh.sent(), performance.now()]
  await after(idleSeconds * 1_000)
  const [later, endedMs] = [mesh.sent(), performance.now()]
  const perNode = (sent: number): number => rounded((sent * 1_000) / (endedMs - beganMs) / mesh.nodes.length)
  return {
    packetsPerSecond: perNode(later.packets - before.packets),
    bytesPerSecond: perNode(later.bytes - before.bytes),
  }
}

/** What a slow start is most often explained by: the most frequent causes. */
async function droppedOver(mesh: Mesh): Promise<string> {
  const sums = new Map<string, number>()
  for (const { dropped } of await Promise.all(mesh.nodes.map((node) => node.status())))
    for (const [cause, count] of Object.entries(dropped)) sums.set(cause, (sums.get(cause) ?? 0) + count)
  const sorted = [...sums].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
  return sorted
    .slice(0, CAUSES)
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ')
}

/** All cables between two halves are unplugged for a while; then one of them is back. The others follow afterwards. */
async function measureHealing(
  mesh: Mesh,
  options: ReachOptions,
): Promise<Pick<ReachFigures, 'healSeconds' | 'healShare'>> {
  const half = connectedHalf(mesh.graph, options.random)
  if (!half) throw new Error('this graph has no two connected halves: take another seed')
  const isAcross = ([one, other]: Edge): boolean => half.has(one) !== half.has(other)
  const [bridge, ...others] = mesh.graph.edges.filter(isAcross)
  for (const edge of [bridge!, ...others]) mesh.unplug(edge)
  await after(options.cutSeconds * 1_000)
  const beganMs = wallMs()
  mesh.plugIn(bridge!)
  const pairs = randomPairs(mesh, options, isAcross)
  const tookMs = await exchangeAll(mesh, pairs, beganMs, HEAL_LIMIT_MS)
  for (const edge of others) mesh.plugIn(edge)
  await after(SETTLE_MS)
  return { healSeconds: secondsUntil(tookMs, 1), healShare: shareWithin(tookMs, HEAL_LIMIT_MS) }
}

type FreezeFigures = Pick<
  ReachFigures,
  'shareAfter0' | 'shareAfter3' | 'shareAfter10' | 'secondsTo99' | 'secondsToAll'
>

async function measureFreeze(mesh: Mesh, options: ReachOptions): Promise<FreezeFigures> {
  const frozen = new Set<number>()
  while (frozen.size < FROZEN_SHARE * mesh.nodes.length) frozen.add(options.random.below(mesh.nodes.length))
  const isAwake = (node: number): boolean => !frozen.has(node)
  const isJoined = ([one, other]: Pair): boolean =>
    isAwake(one) && distancesFrom(one, mesh.graph, isAwake).has(other)
  const pairs = randomPairs(mesh, options, isJoined)
  const beganMs = wallMs()
  for (const node of frozen) mesh.nodes[node]!.freeze()
  const tookMs = await exchangeAll(mesh, pairs, beganMs, FREEZE_LIMIT_MS)
  for (const node of frozen) mesh.nodes[node]!.thaw()
  return {
    shareAfter0: shareWithin(tookMs, AT_ONCE_MS),
    shareAfter3: shareWithin(tookMs, 3_000),
    shareAfter10: shareWithin(tookMs, 10_000),
    secondsTo99: secondsUntil(tookMs, 0.99),
    secondsToAll: secondsUntil(tookMs, 1),
  }
}

/** Milliseconds from the given moment until a message and its answer have arrived, for each pair; all at the same time. */
function exchangeAll(
  mesh: Mesh,
  pairs: readonly Pair[],
  sinceMs: number,
  limitMs: number,
): Promise<(number | undefined)[]> {
  const exchange = async ([one, other]: Pair): Promise<number | undefined> => {
    const [caller, callee] = [mesh.nodes[one], mesh.nodes[other]] as [NodeProcess, NodeProcess]
    const leftMs = (): number => sinceMs + limitMs - wallMs()
    const arrival = await caller.say(callee, leftMs(), AS_CHAT)
    const answer = arrival && (await callee.say(caller, Math.max(leftMs(), 0), AS_CHAT))
    return answer && answer.atMs - sinceMs
  }
  return Promise.all(pairs.map(exchange))
}

/** Pairs of two different nodes that fit, with repetition. */
function randomPairs(
  { nodes }: Mesh,
  { random, pairs }: ReachOptions,
  isWanted: (pair: Pair) => boolean,
): Pair[] {
  const drawn: Pair[] = []
  while (drawn.length < pairs) {
    const pair = [random.below(nodes.length), random.below(nodes.length)] as const
    if (pair[0] !== pair[1] && isWanted(pair)) drawn.push(pair)
  }
  return drawn
}

/** When the given share of all had succeeded; null where it never had. */
function secondsUntil(tookMs: readonly (number | undefined)[], share: number): number | null {
  const sorted = tookMs.filter((ms) => ms !== undefined).sort((a, b) => a - b)
  const atMs = sorted[Math.ceil(share * tookMs.length) - 1]
  return atMs === undefined ? null : rounded(atMs / 1_000)
}

function shareWithin(tookMs: readonly (number | undefined)[], limitMs: number): number {
  return rounded(tookMs.filter((ms) => ms !== undefined && ms <= limitMs).length / tookMs.length)
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

function wallMs(): number {
  return performance.timeOrigin + performance.now()
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
