// Starts a network too large to grow. Every host first gets, as far as the terrain allows them, the links that a settled
// network would have: its ring neighbours, and for each place of its table somebody older, or nearer. Then the nodes
// start, find their links up and are told who stands beside them on the ring, linked or not, and make one real join each
// through a neighbour. All else (ways to whom no link leads, records) they find as nodes do, while the network settles.
//
// Leaf sets are told, and which neighbours cannot be dialled, because nodes that find this out all at once tell each other of
// it in a storm: it was two thirds of the start's time. And the order keeps the start quiet. All links are there before the first node starts, so
// a record is put where it is to stay. The nodes start round the ring, hundreds at the same moment: their neighbours
// start with them and hear what they say. What is sent to a node that is not up yet is lost, and the whole start is
// shorter than what a request waits before it is made again.

import { digitAt } from '../../main/overlay/base/id.ts'
import { LEAVES_PER_SIDE } from '../../main/overlay/routing/leaf-set.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { type Host, type World } from './world.ts'

// These three are fitted to what real joins give (docs/decisions.md 93).
const CANDIDATES = 32
/** A newcomer is told of nodes by others who have long known them: the oldest of so many. */
const OLDER_OF = 24
/** Share of the table's places where somebody nearer was found after the join, and the first link stayed. */
const FOUND_NEARER = 0.7
/** Of the nodes, at one moment: few enough that what neighbours tell each other does not fill the memory. */
const STARTS_PER_STEP = 0.01
/** Several neighbourhoods. */
const LEAST_STARTS_PER_STEP = 128
const STEP_MS = 15
/** The rest of the joins; one that fails is made again within. */
const JOINING_MS = 8000
const JOINING_STEP_MS = 500

/** Both are called often; `onLinked` with the hosts whose tables are linked so far. */
export interface StartProgress {
  onLinked: (hosts: number) => void
  onStep: () => void
}

export async function startDirectly(world: World, nodes: number, progress: StartProgress): Promise<void> {
  const hosts = Array.from({ length: nodes }, () => world.create())
  const ring = hosts.sort((a, b) => (a.id < b.id ? -1 : 1))
  linkNeighbours(world, ring)
  for (const place of ring.keys()) {
    for (const entry of tableEntries(world, ring, place)) ring[place]!.links.install(ring[entry]!.links)
    progress.onLinked(place + 1)
  }
  const perStep = Math.max(LEAST_STARTS_PER_STEP, Math.ceil(STARTS_PER_STEP * nodes))
  for (let from = 0; from < nodes; from += perStep) {
    for (let place = from; place < Math.min(from + perStep, nodes); place++)
      await world.start(ring[place]!, neighboursOf(ring, place))
    await world.run(STEP_MS)
    progress.onStep()
  }
  for (let passedMs = 0; passedMs < JOINING_MS; passedMs += JOINING_STEP_MS) {
    await world.run(JOINING_STEP_MS)
    progress.onStep()
  }
}

/** The records of those who belong in its leaf set. */
function neighboursOf(ring: readonly Host[], place: number): PeerRecord[] {
  const { length } = ring
  const perSide = Math.min(LEAVES_PER_SIDE, length - 1)
  const records = new Set<PeerRecord>()
  for (let apart = 1; apart <= perSide; apart++)
    for (const at of [place + apart, place - apart + length]) records.add(ring[at % length]!.links.self)
  records.delete(ring[place]!.links.self)
  return [...records]
}

/** Nearest first, for a node joins through the first links it has. */
function linkNeighbours(world: World, ring: readonly Host[]): void {
  const { length } = ring
  const { terrain } = world.network
  for (let apart = 1; apart <= Math.min(LEAVES_PER_SIDE, length - 1); apart++)
    for (const [place, host] of ring.entries()) {
      const other = ring[(place + apart) % length]!
      if (terrain.canLink(host.number, other.number)) host.links.install(other.links)
    }
}

/**
 * For each place of the table, as places on the ring, what a node that joined and stayed has links to: somebody who was
 * there before it, and for some places the nearest of a few others, found later.
 */
function tableEntries(world: World, ring: readonly Host[], place: number): number[] {
  const host = ring[place]!
  const entries: number[] = []
  let [low, high] = [0, ring.length]
  for (let row = 0; high - low > 2 * LEAVES_PER_SIDE; row++) {
    const own = digitAt(host.id, row)
    let from = low
    for (let digit = 0; digit < 16; digit++) {
      const to = endOf(ring, from, high, row, digit)
      if (digit !== own) entries.push(...linksInto(world, ring, host, from, to))
      from = to
    }
    ;[low, high] = [endOf(ring, low, high, row, own - 1), endOf(ring, low, high, row, own)]
  }
  return entries
}

/** Among these places. */
function linksInto(
  world: World,
  ring: readonly Host[],
  { number }: Host,
  from: number,
  to: number,
): number[] {
  const { terrain } = world.network
  const drawn: number[] = []
  for (let i = 0; i < CANDIDATES && from < to; i++) {
    const candidate = from + world.random.below(to - from)
    if (terrain.canLink(number, ring[candidate]!.number)) drawn.push(candidate)
  }
  if (drawn.length === 0) return []
  const older = drawn.slice(0, OLDER_OF).reduce((a, b) => (ring[b]!.number < ring[a]!.number ? b : a))
  if (world.random.unit() >= FOUND_NEARER) return [older]
  const delayMs = (candidate: number): number => terrain.delayMs(number, ring[candidate]!.number)
  return [older, drawn.reduce((a, b) => (delayMs(b) < delayMs(a) ? b : a))]
}

/** Where on the sorted ring, between two places that share `row` digits, those end whose next digit is at most this. */
function endOf(ring: readonly Host[], low: number, high: number, row: number, digit: number): number {
  let [from, to] = [low, high]
  while (from < to) {
    const middle = (from + to) >> 1
    if (digitAt(ring[middle]!.id, row) <= digit) from = middle + 1
    else to = middle
  }
  return from
}
